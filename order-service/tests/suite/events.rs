//! Tests of the events that the subscribers get, and of their sequence.
//!
//! `stuck` is about an event that is not taken, `unavailable` about an unavailable subscriber,
//! `backlog` about many waiting events, `clock` about rows dated in the future.

mod backlog;
mod clock;
mod stuck;
mod unavailable;

use futures_util::future::join_all;
use serde_json::Value;
use service_kit::testing::assert_same_shape;
use shared_types::golden;

use super::Service;
use super::linked::{Linked, waiting};
use super::subscriber::Subscriber;

async fn two_subscribers() -> (Subscriber, Subscriber) {
    (Subscriber::start().await, Subscriber::start().await)
}

#[actix_web::test]
async fn both_subscribers_get_the_golden_event_of_a_new_order() {
    let (kitchen, delivery) = two_subscribers().await;
    let service = Linked::start(&kitchen, Some(&delivery)).await;
    let order = service.post("/commandes", golden::NEW_ORDER).await.ok(201);
    for subscriber in [&kitchen, &delivery] {
        subscriber.receives(&order, &["EN_ATTENTE"]).await;
        let arrival = subscriber.arrivals().remove(0);
        assert_eq!(arrival.content_type, "application/cloudevents+json");
        assert_eq!(arrival.request_id, order["id"].as_str().unwrap());
        assert_same_shape(&arrival.event, golden::ORDER_EVENT);
        assert_eq!(arrival.event["type"], "passe-plat.order.placed");
        assert_eq!(arrival.event["time"], order["createdAt"]);
        assert_eq!(arrival.event["data"], order);
    }
}

#[actix_web::test]
async fn each_change_of_status_is_sent_in_order() {
    let (kitchen, delivery) = two_subscribers().await;
    let service = Linked::start(&kitchen, Some(&delivery)).await;
    let order = service.order().await;
    let mut answered = vec![order.clone()];
    for status in ["EN_PREPARATION", "PRETE", "EN_LIVRAISON", "LIVREE"] {
        answered.push(service.change(&order, status).await.ok(200));
    }
    let told = [
        "EN_ATTENTE",
        "EN_PREPARATION",
        "PRETE",
        "EN_LIVRAISON",
        "LIVREE",
    ];
    for subscriber in [&kitchen, &delivery] {
        subscriber.receives(&order, &told).await;
        let events = subscriber.arrivals().into_iter().map(|came| came.event);
        let events: Vec<_> = events.collect();
        let orders: Vec<_> = events.iter().map(|event| event["data"].clone()).collect();
        assert_eq!(orders, answered);
        for event in &events[1..] {
            assert_eq!(event["type"], "passe-plat.order.status-changed");
        }
        let mut ids: Vec<_> = events.iter().map(|event| event["id"].to_string()).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), told.len());
    }
}

#[actix_web::test]
async fn a_refused_change_and_a_repeated_status_tell_nothing() {
    let kitchen = Subscriber::start().await;
    let service = Linked::start(&kitchen, None).await;
    let order = service.ready_order().await;
    let _ = service.change(&order, "PRETE").await.ok(200);
    let refused = service.change(&order, "EN_PREPARATION").await;
    let _ = refused.problem(409, "impossible_transition");
    let _ = service.change(&order, "LIVREE").await.ok(200);
    let refused = service.change(&order, "ANNULEE").await;
    let _ = refused.problem(409, "impossible_transition");
    let told = ["EN_ATTENTE", "PRETE", "LIVREE"];
    kitchen.receives(&order, &told).await;
    service.nothing_waits().await;
    // After a stop, nothing is in flight or left for later.
    let database = service.stop().await;
    assert_eq!(waiting(&database).await, 0);
    assert_eq!(kitchen.attempts(&order), told);
}

#[actix_web::test]
async fn an_order_has_one_event_in_flight_at_a_time() {
    let kitchen = Subscriber::start().await;
    let service = Linked::start(&kitchen, None).await;
    let orders = join_all((0..20).map(|_| service.ready_order())).await;
    for order in &orders {
        kitchen.receives(order, &["EN_ATTENTE", "PRETE"]).await;
    }
    assert_eq!(kitchen.most_at_once(), 1);
}

#[actix_web::test]
async fn a_taken_event_leaves_no_row() {
    let (kitchen, delivery) = two_subscribers().await;
    let service = Linked::start(&kitchen, Some(&delivery)).await;
    let order = service.ready_order().await;
    for subscriber in [&kitchen, &delivery] {
        subscriber.receives(&order, &["EN_ATTENTE", "PRETE"]).await;
    }
    service.nothing_waits().await;
    for recipient in ["kitchen", "delivery"] {
        let waiting = gauge(&service, "outbox_waiting_messages", recipient).await;
        let oldest = gauge(&service, "outbox_oldest_message_age_seconds", recipient).await;
        assert_eq!((waiting, oldest), (0, 0));
    }
}

#[actix_web::test]
async fn without_subscribers_no_event_is_stored() {
    let service = Service::start(true).await;
    let order = service.order().await;
    let _ = service.change(&order, "PRETE").await.ok(200);
    assert_eq!(waiting(&service.database).await, 0);
}

/// A gauge of one recipient in `/metrics`.
async fn gauge(service: &Service, name: &str, recipient: &str) -> i64 {
    let answer = service.get("/metrics").await;
    assert_eq!(answer.status, 200);
    let text = answer.text();
    let begin = format!("{name}{{recipient=\"{recipient}\"}} ");
    let value = text.lines().find_map(|line| line.strip_prefix(&begin));
    value.unwrap().parse().unwrap()
}

/// Scripts recognise an order by its address.
fn goes_to(event: &Value, address: &str) -> bool {
    event["data"]["adresse"] == address
}
