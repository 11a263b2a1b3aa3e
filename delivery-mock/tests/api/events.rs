//! Tests of the events of the order service.

use order_feed::testing::{invalid_events, new_order, send_event};
use serde_json::{Value, json};
use service_kit::testing::{Client, assert_same_shape};
use shared_types::event::{MEDIA_TYPE, OrderEvent};
use shared_types::golden;
use shared_types::order::Order;
use shared_types::order::OrderStatus::{self, Cancelled, Delivered, Delivering, Pending, Ready};

use crate::{column, delivery, tell};

fn event_of(order: &Order) -> Value {
    serde_json::to_value(OrderEvent::about(order.clone())).unwrap()
}

async fn deliveries(client: &Client) -> Value {
    client.get("/livraisons").await.ok(200)
}

/// The status of the newest delivery after these events about one order.
async fn after(events: &[OrderStatus]) -> Value {
    let client = delivery(false).await;
    let order = new_order(Pending);
    for status in events {
        tell(&client, &order, *status).await;
    }
    deliveries(&client).await[0]["statut"].clone()
}

#[actix_web::test]
async fn an_order_that_is_ready_is_drafted_and_given_to_a_free_courier() {
    let client = delivery(true).await;
    let order = new_order(Pending);
    tell(&client, &order, Ready).await;
    let drafted = &deliveries(&client).await[0];
    assert_same_shape(drafted, golden::DELIVERY);
    let id = order.id.to_string();
    assert_eq!(drafted["commandeId"], id);
    assert_eq!(drafted["adresseArrivee"], json!(order.address));
    assert_eq!(drafted["clientTelephone"], json!(order.phone));

    let assigned = client.get("/assigned").await.ok(200);
    assert_eq!(column(&assigned, "livreur"), ["Youssef", "Camille"]);
    assert_eq!(
        assigned[1],
        json!({"order_id": id, "livreur": "Camille", "status": "EN_ATTENTE", "adresse": order.address})
    );
}

#[actix_web::test]
async fn a_repeated_event_changes_nothing() {
    let client = delivery(true).await;
    let event = event_of(&new_order(Ready)).to_string();
    let mut seen = Vec::new();
    for _ in 0..2 {
        let answer = send_event(&client, MEDIA_TYPE, event.clone()).await;
        assert_eq!((answer.status.as_u16(), answer.body.len()), (204, 0));
        seen.push(deliveries(&client).await);
    }
    assert_eq!(seen[0], seen[1]);
}

#[actix_web::test]
async fn an_older_event_changes_nothing() {
    let client = delivery(true).await;
    let order = new_order(Pending);
    tell(&client, &order, Ready).await;
    for newer in [Delivering, Delivered] {
        tell(&client, &order, newer).await;
        let before = deliveries(&client).await;
        for older in [Pending, Ready] {
            tell(&client, &order, older).await;
            assert_eq!(deliveries(&client).await, before, "{older} after {newer}");
        }
    }
}

#[actix_web::test]
async fn an_older_event_drafts_nothing_for_an_order_that_has_ended() {
    for ended in [Delivered, Cancelled] {
        assert_eq!(after(&[ended, Ready, Delivering]).await, Value::Null);
    }
}

#[actix_web::test]
async fn a_delivery_follows_its_order() {
    assert_eq!(after(&[Pending]).await, Value::Null);
    assert_eq!(after(&[Pending, Ready]).await, "EN_ATTENTE");
    assert_eq!(after(&[Ready, Delivering]).await, "RECUPEREE");
    assert_eq!(after(&[Delivering]).await, "RECUPEREE");
    assert_eq!(after(&[Ready, Delivered]).await, "LIVREE");
    assert_eq!(after(&[Ready, Cancelled]).await, "ANNULEE");
}

#[actix_web::test]
async fn a_delivery_that_is_ahead_of_its_order_stays_there() {
    let client = delivery(true).await;
    let order = new_order(Pending);
    tell(&client, &order, Ready).await;
    for step in ["EN_ROUTE_RESTAURANT", "RECUPEREE", "EN_ROUTE_CLIENT"] {
        let mark = json!({"order_id": order.id, "status": step});
        let _ = client.post("/update", mark).await.ok(200);
    }
    let before = deliveries(&client).await;
    for behind in [Ready, Delivering] {
        tell(&client, &order, behind).await;
        assert_eq!(deliveries(&client).await, before);
    }
}

#[actix_web::test]
async fn an_invalid_event_changes_nothing_and_the_next_valid_one_is_taken() {
    let order = new_order(Ready);
    let valid = event_of(&order);
    for (media_type, body, (status, code)) in invalid_events(&valid) {
        let client = delivery(true).await;
        let before = deliveries(&client).await;
        let answer = send_event(&client, media_type, body).await;
        let _ = answer.problem(status, code);
        assert_eq!(deliveries(&client).await, before);
        tell(&client, &order, Ready).await;
        assert_eq!(column(&deliveries(&client).await, "statut").len(), 3);
    }
}

#[actix_web::test]
async fn the_problem_of_an_invalid_event_names_the_attribute() {
    let client = delivery(false).await;
    for attribute in ["specversion", "type", "subject", "data"] {
        let mut event = event_of(&new_order(Ready));
        event[attribute] = json!("wrong");
        let answer = send_event(&client, MEDIA_TYPE, event.to_string()).await;
        let problem = answer.problem(400, "validation_failed");
        assert_eq!(problem.errors[0].field, attribute);
    }
}

#[actix_web::test]
async fn events_are_only_posted() {
    let answer = delivery(false).await.get("/events").await;
    let _ = answer.problem(405, "method_not_allowed");
    assert_eq!(answer.header("allow"), Some("POST"));
}
