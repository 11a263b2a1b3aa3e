//! Tests of the events of the order service.

use order_feed::testing::{invalid_events, send_event};
use serde_json::{Value, json};
use service_kit::testing::{Client, assert_same_shape};
use shared_types::event::{MEDIA_TYPE, OrderEvent};
use shared_types::golden;
use shared_types::order::{Order, OrderStatus};

use crate::kitchen;

const ORDER: &str = "0192f0d1-5c2b-7e4f-8a63-9b7c2d3e5f60";

fn placed() -> Value {
    serde_json::from_str(golden::ORDER_EVENT).unwrap()
}

fn changed_to(status: OrderStatus) -> Value {
    let order: Order = serde_json::from_str(golden::ORDER).unwrap();
    serde_json::to_value(OrderEvent::about(Order { status, ..order })).unwrap()
}

async fn tell(kitchen: &Client, event: &Value) {
    let answer = send_event(kitchen, MEDIA_TYPE, event.to_string()).await;
    assert_eq!((answer.status.as_u16(), answer.body.len()), (204, 0));
}

async fn tickets(kitchen: &Client) -> Value {
    kitchen.get("/orders").await.ok(200)
}

#[actix_web::test]
async fn a_placed_order_becomes_a_ticket() {
    let kitchen = kitchen(false).await;
    tell(&kitchen, &placed()).await;
    let tickets = tickets(&kitchen).await;
    assert_eq!(tickets.as_array().unwrap().len(), 1);
    assert_same_shape(&tickets[0], golden::TICKET);
    assert_eq!(tickets[0]["order_id"], ORDER);
    assert_eq!(tickets[0]["status"], "EN_ATTENTE");
    assert_eq!(
        tickets[0]["items"],
        json!([{"nom": "Tarte aux pommes", "quantite": 2, "commentaire": "Sans sucre glace", "allergenes": ["GLUTEN", "LAIT"]}])
    );
}

#[actix_web::test]
async fn a_ticket_has_the_notes_of_its_order() {
    let kitchen = kitchen(false).await;
    let mut event = placed();
    event["data"]["mode"] = json!("A_EMPORTER");
    event["data"]["pourLe"] = json!("2026-11-22T19:30:00Z");
    tell(&kitchen, &event).await;
    let ticket = tickets(&kitchen).await[0].clone();
    assert_eq!(ticket["commentaire"], "Allergie aux noix");
    assert_eq!(ticket["items"][0]["commentaire"], "Sans sucre glace");
    assert_eq!(ticket["items"][0]["allergenes"], json!(["GLUTEN", "LAIT"]));
    assert_eq!(ticket["convives"], 2);
    assert_eq!(ticket["mode"], "A_EMPORTER");
    assert_eq!(ticket["pour_le"], "2026-11-22T19:30:00Z");
}

#[actix_web::test]
async fn the_event_of_the_largest_order_is_taken() {
    let kitchen = kitchen(false).await;
    let mut event = placed();
    let mut line = event["data"]["items"][0].clone();
    line["nom"] = json!("🍕".repeat(100));
    line["commentaire"] = json!("🍕".repeat(200));
    event["data"]["items"] = json!(vec![line; 50]);
    event["data"]["adresse"] = json!("🍕".repeat(200));
    event["data"]["commentaire"] = json!("🍕".repeat(500));
    tell(&kitchen, &event).await;
    let ticket = tickets(&kitchen).await[0].clone();
    assert_eq!(ticket["items"].as_array().unwrap().len(), 50);
}

#[actix_web::test]
async fn an_event_of_an_older_version_becomes_a_ticket_without_notes() {
    let kitchen = kitchen(false).await;
    let mut event = placed();
    let order = event["data"].as_object_mut().unwrap();
    for field in ["commentaire", "convives", "mode", "pourLe"] {
        order.remove(field);
    }
    let line = event["data"]["items"][0].as_object_mut().unwrap();
    line.remove("commentaire");
    line.remove("allergenes");
    tell(&kitchen, &event).await;
    let ticket = tickets(&kitchen).await[0].clone();
    assert_eq!(ticket["mode"], "LIVRAISON");
    for field in ["commentaire", "convives", "pour_le"] {
        assert_eq!(ticket[field], Value::Null, "{field}");
    }
    for field in ["commentaire", "allergenes"] {
        assert_eq!(ticket["items"][0][field], Value::Null, "{field}");
    }
}

#[actix_web::test]
async fn a_repeated_event_changes_nothing() {
    let kitchen = kitchen(true).await;
    tell(&kitchen, &placed()).await;
    let before = tickets(&kitchen).await;
    tell(&kitchen, &placed()).await;
    assert_eq!(tickets(&kitchen).await, before);
}

#[actix_web::test]
async fn an_older_event_does_not_bring_an_order_back() {
    let kitchen = kitchen(false).await;
    for event in [placed(), changed_to(OrderStatus::Ready), placed()] {
        tell(&kitchen, &event).await;
    }
    assert_eq!(tickets(&kitchen).await, json!([]));
}

#[actix_web::test]
async fn an_unknown_order_that_is_being_prepared_gets_a_ticket() {
    let kitchen = kitchen(false).await;
    tell(&kitchen, &changed_to(OrderStatus::Preparing)).await;
    assert_eq!(tickets(&kitchen).await[0]["status"], "EN_PREPARATION");
}

#[actix_web::test]
async fn an_unknown_order_that_is_ready_gets_no_ticket() {
    let kitchen = kitchen(false).await;
    tell(&kitchen, &changed_to(OrderStatus::Ready)).await;
    assert_eq!(tickets(&kitchen).await, json!([]));
}

#[actix_web::test]
async fn a_cancelled_order_leaves_the_kitchen_and_cannot_be_made_ready() {
    let kitchen = kitchen(false).await;
    tell(&kitchen, &placed()).await;
    tell(&kitchen, &changed_to(OrderStatus::Cancelled)).await;
    assert_eq!(tickets(&kitchen).await, json!([]));
    let answer = kitchen.post("/update", json!({"order_id": ORDER})).await;
    let _ = answer.problem(409, "impossible_transition");
}

#[actix_web::test]
async fn an_order_can_be_marked_after_its_event() {
    let kitchen = kitchen(false).await;
    tell(&kitchen, &placed()).await;
    let mark = json!({"order_id": ORDER});
    for _ in 0..2 {
        let marked = kitchen.post("/update", mark.clone()).await.ok(200);
        assert_eq!(marked, json!({"order_id": ORDER, "status": "PRETE"}));
    }
    assert_eq!(tickets(&kitchen).await, json!([]));
}

#[actix_web::test]
async fn an_invalid_event_changes_nothing_and_the_next_valid_one_is_taken() {
    for (media_type, body, (status, code)) in invalid_events(&placed()) {
        let kitchen = kitchen(false).await;
        let answer = send_event(&kitchen, media_type, body).await;
        let _ = answer.problem(status, code);
        assert_eq!(tickets(&kitchen).await, json!([]));
        tell(&kitchen, &placed()).await;
        assert_eq!(tickets(&kitchen).await[0]["order_id"], ORDER);
    }
}

#[actix_web::test]
async fn an_unknown_attribute_is_ignored() {
    let kitchen = kitchen(false).await;
    let mut event = placed();
    event["traceparent"] = json!("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    tell(&kitchen, &event).await;
    assert_eq!(tickets(&kitchen).await[0]["order_id"], ORDER);
}

#[actix_web::test]
async fn events_are_only_posted() {
    let answer = kitchen(false).await.get("/events").await;
    let _ = answer.problem(405, "method_not_allowed");
    assert_eq!(answer.header("allow"), Some("POST"));
}

#[actix_web::test]
async fn an_order_is_one_ticket_however_its_id_is_spelled() {
    let kitchen = kitchen(false).await;
    let upper = ORDER.to_uppercase();
    let mut event = placed();
    event["subject"] = json!(upper);
    event["data"]["id"] = json!(upper);
    for event in [placed(), event] {
        tell(&kitchen, &event).await;
    }
    let all = tickets(&kitchen).await;
    assert_eq!(all.as_array().unwrap().len(), 1);
    assert_eq!(all[0]["order_id"], ORDER);
    for (spelling, status) in [
        (upper, "EN_PREPARATION"),
        (format!("urn:uuid:{ORDER}"), "PRETE"),
    ] {
        let mark = json!({"order_id": spelling, "status": status});
        let marked = kitchen.post("/update", mark).await.ok(200);
        assert_eq!(marked, json!({"order_id": ORDER, "status": status}));
    }
    assert_eq!(tickets(&kitchen).await, json!([]));
}
