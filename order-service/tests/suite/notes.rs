//! Tests of what an order says beside its dishes: comments, guests, take-away, a wished time.

use std::time::Duration;

use serde_json::{Value, json};

use shared_types::value::Timestamp;

use super::linked::Linked;
use super::subscriber::Subscriber;
use super::{Service, TART, new_order, order_of, path};

fn minutes_ahead(minutes: u64) -> Timestamp {
    Timestamp::now().after(Duration::from_mins(minutes))
}

fn minutes_ago(minutes: u64) -> Timestamp {
    Timestamp::now().before(Duration::from_mins(minutes))
}

/// An order with every note.
fn noted() -> Value {
    let line = json!({"menuId": TART, "quantite": 2, "commentaire": "Sans sucre glace"});
    let mut new = order_of(json!([line, {"menuId": TART, "quantite": 1}]));
    new["commentaire"] = json!(" Allergie aux noix\nSonner deux fois ");
    new["convives"] = json!(3);
    new["mode"] = json!("à emporter");
    new["pourLe"] = json!(minutes_ahead(90));
    new
}

#[actix_web::test]
async fn an_order_keeps_its_notes_and_tells_them() {
    let kitchen = Subscriber::start().await;
    let service = Linked::start(&kitchen, None).await;
    let new = noted();
    let order = service.post("/commandes", new.clone()).await.ok(201);
    assert_eq!(order["commentaire"], "Allergie aux noix, Sonner deux fois");
    assert_eq!(order["convives"], 3);
    assert_eq!(order["mode"], "A_EMPORTER");
    assert_eq!(order["pourLe"], new["pourLe"]);
    assert_eq!(order["items"][0]["commentaire"], "Sans sucre glace");
    assert_eq!(order["items"][1]["commentaire"], Value::Null);
    assert_eq!(service.get(&path(&order)).await.ok(200), order);
    for list in ["/commandes", "/commandes?limit=1"] {
        assert_eq!(service.get(list).await.ok(200), json!([order]));
    }
    kitchen.receives(&order, &["EN_ATTENTE"]).await;
    assert_eq!(kitchen.arrivals()[0].event["data"], order);
}

#[actix_web::test]
async fn an_order_without_notes_is_a_delivery_as_soon_as_possible() {
    let service = Service::start(true).await;
    let mut blank = new_order();
    for field in ["commentaire", "convives", "mode", "pourLe"] {
        blank[field] = json!("");
    }
    blank["items"][0]["commentaire"] = Value::Null;
    for new in [new_order(), blank] {
        let order = service.post("/commandes", new).await.ok(201);
        assert_eq!(order["mode"], "LIVRAISON");
        for field in ["commentaire", "convives", "pourLe"] {
            assert_eq!(order[field], Value::Null, "{field}");
        }
        assert_eq!(order["items"][0]["commentaire"], Value::Null);
        assert_eq!(service.get(&path(&order)).await.ok(200), order);
    }
}

#[actix_web::test]
async fn every_bad_note_is_named_and_nothing_is_ordered() {
    let service = Service::start(true).await;
    for (field, bad) in [
        ("commentaire", json!("x".repeat(501))),
        ("commentaire", json!(7)),
        ("commentaire", json!("a\u{202e}b")),
        ("convives", json!(0)),
        ("convives", json!(100)),
        ("convives", json!(2.5)),
        ("convives", json!("3")),
        ("mode", json!("DRONE")),
        ("pourLe", json!("demain")),
        ("pourLe", json!("2026-11-22")),
        ("pourLe", json!("2026-11-22T13:10:00")),
        ("pourLe", json!(1_795_353_000)),
        ("pourLe", json!(minutes_ago(2))),
        ("pourLe", json!(minutes_ahead(7 * 24 * 60 + 2))),
        ("pourLe", json!("9999-12-31T23:59:59Z")),
    ] {
        let mut new = new_order();
        new[field] = bad.clone();
        let answer = service.post("/commandes", new).await;
        let problem = answer.problem(400, "validation_failed");
        assert_eq!(problem.errors[0].field, field, "{bad}");
    }
    let line = json!({"menuId": TART, "quantite": 1, "commentaire": "x".repeat(201)});
    let answer = service.post("/commandes", order_of(json!([line]))).await;
    let problem = answer.problem(400, "validation_failed");
    assert_eq!(problem.errors[0].field, "items[0].commentaire");
    assert_eq!(service.get("/commandes").await.ok(200), json!([]));
}

#[actix_web::test]
async fn the_longest_notes_are_taken() {
    let service = Service::start(true).await;
    let line = json!({"menuId": TART, "quantite": 1, "commentaire": "é".repeat(200)});
    let mut new = order_of(json!(vec![line; 50]));
    new["commentaire"] = json!("é".repeat(500));
    new["convives"] = json!(99);
    new["pourLe"] = json!(minutes_ahead(7 * 24 * 60 - 1));
    let order = service.post("/commandes", new).await.ok(201);
    assert_eq!(service.get(&path(&order)).await.ok(200), order);
}

#[actix_web::test]
async fn a_take_away_order_goes_from_ready_to_handed_over() {
    let service = Service::start(true).await;
    let order = service.post("/commandes", noted()).await.ok(201);
    for status in ["PRETE", "LIVREE"] {
        let moved = service.change(&order, status).await.ok(200);
        assert_eq!(moved["status"], status);
        assert_eq!(moved["mode"], "A_EMPORTER");
    }
}

#[actix_web::test]
async fn a_line_keeps_the_allergens_that_its_dish_had() {
    let service = Service::start(true).await;
    let mut made = Vec::new();
    for said in [json!(["GLUTEN", "LAIT"]), json!([]), Value::Null] {
        let change = json!({"allergenes": said});
        let _ = service
            .patch(&format!("/menu/{TART}"), change)
            .await
            .ok(200);
        let order = service.order().await;
        assert_eq!(order["items"][0]["allergenes"], said);
        made.push(order);
    }
    for order in made {
        assert_eq!(service.get(&path(&order)).await.ok(200), order);
    }
}

#[actix_web::test]
async fn an_order_that_an_older_version_wrote_reads_as_before() {
    let service = Service::start(true).await;
    let order = service.order().await;
    // That version does not know the columns.
    service
        .alter("UPDATE orders SET comment = NULL, guests = NULL, mode = NULL, wished_for = NULL")
        .await;
    assert_eq!(service.get(&path(&order)).await.ok(200), order);
}
