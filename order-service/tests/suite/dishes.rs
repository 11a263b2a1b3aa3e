//! Tests of reading, changing and removing one dish.

use actix_web::http::Method;
use serde_json::{Value, json};
use service_kit::testing::{Answer, assert_same_shape};
use shared_types::golden;

use super::{Service, TART, each, path};

const UNKNOWN: &str = "/menu/0192f0c4-0a11-7000-8000-00000000ffff";

fn tart() -> String {
    format!("/menu/{TART}")
}

async fn change(service: &Service, change: Value) -> Answer {
    service.patch(&tart(), change).await
}

#[actix_web::test]
async fn a_dish_is_read_by_its_id() {
    let service = Service::start(true).await;
    let dish = service.get(&tart()).await.ok(200);
    assert_same_shape(&dish, golden::DISH);
    assert_eq!(dish["nom"], "Tarte aux pommes");
    let menu = service.get("/menu").await.ok(200);
    assert!(menu.as_array().unwrap().contains(&dish));
    // The same id in another spelling.
    let shouted = format!("/menu/{}", TART.to_uppercase());
    assert_eq!(service.get(&shouted).await.ok(200), dish);
}

#[actix_web::test]
async fn an_unknown_dish_is_a_404_for_every_method() {
    let service = Service::start(true).await;
    for path in [UNKNOWN, "/menu/42", "/menu/filter"] {
        let _ = service.get(path).await.problem(404, "dish_not_found");
        let patched = service.patch(path, json!({"prix": 5})).await;
        let _ = patched.problem(404, "dish_not_found");
        let _ = service.delete(path).await.problem(404, "dish_not_found");
    }
}

#[actix_web::test]
async fn a_field_that_is_absent_stays_as_it_is() {
    let service = Service::start(true).await;
    let mut expected = service.get(&tart()).await.ok(200);
    for (field, sent, kept) in [
        ("nom", json!(" Tarte fine "), json!("Tarte fine")),
        ("description", json!("Tiède"), json!("Tiède")),
        ("prix", json!(7.25), json!(7.25)),
        ("categorie", json!("Entrées"), json!("ENTREE")),
        ("disponible", json!(false), json!(false)),
        (
            "allergenes",
            json!(["œufs", "gluten"]),
            json!(["GLUTEN", "OEUFS"]),
        ),
        ("allergenes", json!([]), json!([])),
    ] {
        let changed = change(&service, json!({field: sent})).await.ok(200);
        expected[field] = kept;
        assert_eq!(changed, expected, "{field}");
        assert_eq!(service.get(&tart()).await.ok(200), expected, "{field}");
    }
    assert_eq!(change(&service, json!({})).await.ok(200), expected);
    let unknown = change(&service, json!({"couleur": "rouge"})).await;
    assert_eq!(unknown.ok(200), expected);
}

#[actix_web::test]
async fn null_removes_what_a_dish_can_do_without() {
    let service = Service::start(true).await;
    let _ = change(&service, json!({"allergenes": ["LAIT"]}))
        .await
        .ok(200);
    for field in ["description", "allergenes"] {
        let changed = change(&service, json!({field: null})).await.ok(200);
        assert_eq!(changed[field], Value::Null, "{field}");
    }
}

#[actix_web::test]
async fn a_bad_change_is_refused_with_every_field_named_and_changes_nothing() {
    let service = Service::start(true).await;
    let before = service.get(&tart()).await.ok(200);
    for (field, value) in [
        ("nom", json!(null)),
        ("nom", json!("")),
        ("nom", json!("x".repeat(101))),
        ("description", json!("x".repeat(501))),
        ("prix", json!(null)),
        ("prix", json!(-1)),
        ("prix", json!(1.234)),
        ("prix", json!("6.50")),
        ("categorie", json!(null)),
        ("categorie", json!("FROMAGE")),
        ("disponible", json!(null)),
        ("disponible", json!("oui")),
        ("allergenes", json!(7)),
    ] {
        // A good field beside a bad one is not applied either.
        let good = if field == "nom" { "disponible" } else { "nom" };
        let good_value = if field == "nom" {
            json!(false)
        } else {
            json!("Autre")
        };
        let refused = change(&service, json!({field: value, good: good_value})).await;
        let problem = refused.problem(400, "validation_failed");
        assert_eq!(problem.errors.len(), 1, "{field} {value}");
        assert_eq!(problem.errors[0].field, field, "{value}");
    }
    let both = change(&service, json!({"prix": -1, "allergenes": ["fraise"]})).await;
    let problem = both.problem(400, "validation_failed");
    let fields: Vec<_> = problem.errors.iter().map(|error| &error.field).collect();
    assert_eq!(fields, ["allergenes[0]", "prix"]);
    let _ = change(&service, json!([]))
        .await
        .problem(400, "validation_failed");
    assert_eq!(service.get(&tart()).await.ok(200), before);
}

#[actix_web::test]
async fn a_dish_that_is_sold_out_cannot_be_ordered_until_it_is_back() {
    let service = Service::start(true).await;
    let sold_out = change(&service, json!({"disponible": false})).await.ok(200);
    assert_eq!(sold_out["disponible"], false);
    let order = json!({"clientId": super::CLIENT, "items": [{"menuId": TART, "quantite": 1}]});
    let refused = service.post("/commandes", order.clone()).await;
    let problem = refused.problem(400, "validation_failed");
    assert_eq!(problem.errors[0].field, "items[0].menuId");
    let _ = change(&service, json!({"disponible": true})).await.ok(200);
    let _ = service.post("/commandes", order).await.ok(201);
}

#[actix_web::test]
async fn past_orders_keep_the_name_and_the_price_of_a_dish_that_changed_or_is_gone() {
    let service = Service::start(true).await;
    let order = service.order().await;
    let _ = change(&service, json!({"nom": "Tarte fine", "prix": 9}))
        .await
        .ok(200);
    assert_eq!(service.get(&path(&order)).await.ok(200), order);
    let dearer = service.order().await;
    assert_eq!(dearer["items"][0]["nom"], "Tarte fine");
    assert_eq!(dearer["items"][0]["prixUnitaire"], 9.0);
    let _ = service.delete(&tart()).await.ok(200);
    assert_eq!(service.get(&path(&order)).await.ok(200), order);
    assert_eq!(service.get(&path(&dearer)).await.ok(200), dearer);
    let _ = service.change(&order, "PRETE").await.ok(200);
}

#[actix_web::test]
async fn a_removed_dish_is_gone_for_good() {
    let service = Service::start(true).await;
    let request = service.request(Method::DELETE, &tart());
    let answer = request.header("accept-language", "en").send().await;
    assert_eq!(
        answer.ok(200),
        json!({"message": "Dish removed from the menu."})
    );
    assert_eq!(answer.header("content-language"), Some("en"));
    let _ = service.get(&tart()).await.problem(404, "dish_not_found");
    let _ = service.delete(&tart()).await.problem(404, "dish_not_found");
    let order = service.post("/commandes", super::new_order()).await;
    let _ = order.problem(400, "validation_failed");
    // The samples do not bring it back.
    let again = Service::start_on(service.stop().await, true).await;
    let menu = again.get("/menu").await.ok(200);
    assert_eq!(menu.as_array().unwrap().len(), 7);
    assert!(!each(&menu, "id").contains(&json!(TART)));
}

#[actix_web::test]
async fn silence_about_allergens_is_not_the_same_as_none() {
    let service = Service::start(false).await;
    let add = async |allergens: Option<Value>| {
        let mut new = json!({"nom": "Salade", "prix": 5, "categorie": "entrées"});
        if let Some(allergens) = allergens {
            new["allergenes"] = allergens;
        }
        service.post("/menu", new).await.ok(201)["allergenes"].clone()
    };
    assert_eq!(add(None).await, Value::Null);
    assert_eq!(add(Some(json!(null))).await, Value::Null);
    assert_eq!(add(Some(json!([]))).await, json!([]));
    let spelled = json!(["Fruits à coque", "crustacé", "LAIT", "lait", "poisson"]);
    let named = json!(["CRUSTACES", "POISSONS", "LAIT", "FRUITS_A_COQUE"]);
    assert_eq!(add(Some(spelled)).await, named);
    let menu = service.get("/menu").await.ok(200);
    let stored = each(&menu, "allergenes");
    assert!(
        stored.contains(&named) && stored.contains(&json!([])),
        "{stored:?}"
    );
}

#[actix_web::test]
async fn a_restaurant_has_side_dishes_set_menus_and_aperitifs_too() {
    let service = Service::start(false).await;
    for (spelled, name) in [
        ("Formules", "Formule midi"),
        ("boissons", "Eau"),
        ("Accompagnement", "Frites"),
        ("apéritifs", "Kir"),
        ("Plats principaux", "Bavette"),
        ("Entrée", "Soupe"),
        ("DESSERT", "Flan"),
    ] {
        let dish = json!({"nom": name, "prix": 5, "categorie": spelled});
        let _ = service.post("/menu", dish).await.ok(201);
    }
    let menu = service.get("/menu").await.ok(200);
    let courses = [
        "APERITIF",
        "ENTREE",
        "PLAT_PRINCIPAL",
        "ACCOMPAGNEMENT",
        "DESSERT",
        "BOISSON",
        "FORMULE",
    ];
    assert_eq!(each(&menu, "categorie"), courses);
    let sides = service.get("/menu?categorie=accompagnements").await.ok(200);
    assert_eq!(each(&sides, "nom"), ["Frites"]);
}

#[actix_web::test]
async fn a_request_that_is_repeated_after_its_dish_was_removed_makes_another() {
    let service = Service::start(true).await;
    let add = async || {
        let request = service.request(Method::POST, "/menu");
        let request = request.header("Idempotency-Key", "once");
        request.send_json(golden::NEW_DISH).await.ok(201)
    };
    let first = add().await;
    assert_eq!(add().await, first);
    let path = format!("/menu/{}", first["id"].as_str().unwrap());
    let _ = service.delete(&path).await.ok(200);
    let second = add().await;
    assert_ne!(second["id"], first["id"]);
    let path = format!("/menu/{}", second["id"].as_str().unwrap());
    assert_eq!(service.get(&path).await.ok(200), second);
}
