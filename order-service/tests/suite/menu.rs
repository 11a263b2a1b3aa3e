//! Tests of reading the menu and adding to it.

use serde_json::{Value, json};
use service_kit::testing::assert_same_shape;
use shared_types::golden;

use super::{MUSSELS, Service, each};

#[actix_web::test]
async fn the_sample_menu_is_served_course_by_course() {
    let menu = Service::start(true).await.get("/menu").await.ok(200);
    for dish in menu.as_array().unwrap() {
        assert_same_shape(dish, golden::DISH);
    }
    let courses = each(&menu, "categorie");
    let mut distinct = courses.clone();
    distinct.dedup();
    assert_eq!(distinct, ["ENTREE", "PLAT_PRINCIPAL", "DESSERT", "BOISSON"]);
    let desserts = menu.as_array().unwrap().iter();
    let desserts: Vec<_> = desserts
        .filter(|dish| dish["categorie"] == "DESSERT")
        .map(|dish| &dish["nom"])
        .collect();
    assert_eq!(desserts, ["Crème brûlée", "Tarte aux pommes"]);
    let gone = menu.as_array().unwrap().iter();
    let gone: Vec<_> = gone.filter(|dish| dish["disponible"] == false).collect();
    assert_eq!(gone.len(), 1);
    assert_eq!(gone[0]["id"], MUSSELS);
}

#[actix_web::test]
async fn the_dishes_of_a_course_are_in_alphabetical_order() {
    let service = Service::start(false).await;
    let ordered = [
        "Abricot",
        "Crème",
        "Éclair",
        "Œuf à la neige",
        "Tarte",
        "zeste",
    ];
    for name in ordered.iter().rev() {
        let dish = json!({"nom": name, "prix": 5, "categorie": "DESSERT"});
        let _ = service.post("/menu", dish).await.ok(201);
    }
    for path in ["/menu", "/menu?categorie=DESSERT"] {
        let menu = service.get(path).await.ok(200);
        assert_eq!(each(&menu, "nom"), ordered, "{path}");
    }
}

#[actix_web::test]
async fn without_samples_the_menu_is_empty() {
    let menu = Service::start(false).await.get("/menu").await.ok(200);
    assert_eq!(menu, json!([]));
}

#[actix_web::test]
async fn the_samples_are_added_once_and_never_to_a_menu_that_has_dishes() {
    let first = Service::start(true).await;
    let menu = first.get("/menu").await.ok(200);
    let again = Service::start_on(first.stop().await, true).await;
    assert_eq!(again.get("/menu").await.ok(200), menu);

    let own = Service::start(false).await;
    let _ = own.post("/menu", golden::NEW_DISH).await.ok(201);
    let again = Service::start_on(own.stop().await, true).await;
    let menu = again.get("/menu").await.ok(200);
    assert_eq!(each(&menu, "nom"), ["Tarte aux pommes"]);
}

#[actix_web::test]
async fn a_category_is_matched_whatever_its_case_or_accents() {
    let service = Service::start(true).await;
    for spelling in ["ENTREE", "entree", "Entr%C3%A9e"] {
        let path = format!("/menu?categorie={spelling}");
        let menu = service.get(&path).await.ok(200);
        assert_eq!(each(&menu, "categorie"), ["ENTREE", "ENTREE"], "{spelling}");
    }
    for spelling in ["plat%20principal", "plats", "Plats%20principaux", "mains"] {
        let mains = service.get(&format!("/menu?categorie={spelling}")).await;
        assert_eq!(mains.ok(200).as_array().unwrap().len(), 3, "{spelling}");
    }
}

#[actix_web::test]
async fn an_unknown_category_has_no_dishes_and_an_empty_one_means_all() {
    let service = Service::start(true).await;
    let unknown = service.get("/menu?categorie=fromage").await.ok(200);
    assert_eq!(unknown, json!([]));
    let all = service.get("/menu?categorie=").await.ok(200);
    assert_eq!(all, service.get("/menu").await.ok(200));
}

#[actix_web::test]
async fn the_golden_dish_is_added_and_listed() {
    let service = Service::start(false).await;
    let dish = service.post("/menu", golden::NEW_DISH).await.ok(201);
    assert_same_shape(&dish, golden::DISH);
    assert_eq!(dish["prix"], json!(6.5));
    assert_eq!(service.get("/menu").await.ok(200), json!([dish]));
}

#[actix_web::test]
async fn a_dish_needs_no_description_and_is_available_unless_it_says_otherwise() {
    let service = Service::start(false).await;
    let new = json!({"nom": "Café", "prix": 2, "categorie": "boisson"});
    let dish = service.post("/menu", new).await.ok(201);
    assert_eq!(dish["description"], Value::Null);
    assert_eq!(dish["disponible"], true);
    assert_eq!(dish["categorie"], "BOISSON");
}

#[actix_web::test]
async fn a_bad_dish_is_refused_with_the_field_named_and_nothing_is_added() {
    let service = Service::start(false).await;
    let good: Value = serde_json::from_str(golden::NEW_DISH).unwrap();
    let bad = [
        ("nom", json!(" ")),
        ("nom", json!("x".repeat(101))),
        ("nom", Value::Null),
        ("nom", json!("\u{200b}\u{feff}")),
        ("nom", json!("Tarte \u{202e}semmop")),
        ("description", json!("\u{2066}à la vanille\u{2069}")),
        ("prix", json!(12.345)),
        ("prix", json!(-1)),
        ("prix", json!("6.50")),
        ("prix", json!(1_000_001)),
        ("categorie", json!("FROMAGE")),
        ("disponible", json!("oui")),
    ];
    for (field, value) in bad {
        let mut dish = good.clone();
        dish[field] = value.clone();
        let problem = service
            .post("/menu", dish)
            .await
            .problem(400, "validation_failed");
        assert_eq!(problem.errors[0].field, field, "{value}");
        assert_eq!(problem.errors.len(), 1, "{value}");
    }
    assert_eq!(service.get("/menu").await.ok(200), json!([]));
}

#[actix_web::test]
async fn a_price_is_exact_to_the_last_digit_or_refused() {
    let service = Service::start(false).await;
    let with_price = async |price: &str| {
        let dish = format!(r#"{{"nom": "Café", "prix": {price}, "categorie": "BOISSON"}}"#);
        service.post("/menu", dish.as_str()).await
    };
    for bad in [
        "1e-400",
        "1.0000000000000001",
        "1.0000000000000002",
        "0.30000000000000004",
        "12.500000000000000000001",
    ] {
        let problem = with_price(bad).await.problem(400, "validation_failed");
        assert_eq!(problem.errors.len(), 1, "{bad}");
        assert_eq!(problem.errors[0].field, "prix", "{bad}");
    }
    assert_eq!(service.get("/menu").await.ok(200), json!([]));
    for (good, price) in [("12.50", 12.5), ("1e1", 10.0), ("2", 2.0), ("0.29", 0.29)] {
        let dish = with_price(good).await.ok(201);
        assert_eq!(dish["prix"].as_f64(), Some(price), "{good}");
    }
}

#[actix_web::test]
async fn another_method_is_a_405() {
    let service = Service::start(false).await;
    for path in ["/menu", "/commandes", "/demo/orders"] {
        let answer = service.delete(path).await;
        let _ = answer.problem(405, "method_not_allowed");
    }
}
