//! Tests of a subscriber, or the service itself, that is unavailable for a while: the events arrive
//! later.

use futures_util::future::join;
use serde_json::Value;
use service_kit::testing::eventually;
use shared_types::value::Timestamp;

use super::{gauge, two_subscribers};
use crate::suite::linked::{Linked, number, waiting};
use crate::suite::subscriber::{Reply, Subscriber, TAKEN};

/// The longest wait of an event that failed once.
const FIRST_RETRY_MS: i64 = 100;

async fn ready_orders(service: &Linked, count: usize) -> Vec<Value> {
    let mut orders = Vec::new();
    for _ in 0..count {
        orders.push(service.ready_order().await);
    }
    orders
}

async fn assert_heard(subscriber: &Subscriber, orders: &[Value]) {
    for order in orders {
        subscriber.receives(order, &["EN_ATTENTE", "PRETE"]).await;
    }
}

#[actix_web::test]
async fn a_subscriber_gets_everything_in_order_after_an_outage() {
    let (mut kitchen, delivery) = two_subscribers().await;
    let service = Linked::start(&kitchen, Some(&delivery)).await;
    let before = service.ready_order().await;
    assert_heard(&kitchen, &[before]).await;
    kitchen.stop().await;
    let missed = ready_orders(&service, 40).await;
    assert_heard(&delivery, &missed).await;
    kitchen.resume().await;
    assert_heard(&kitchen, &missed).await;
    assert_eq!(kitchen.most_at_once(), 1);
}

#[actix_web::test]
async fn a_subscriber_that_starts_late_gets_everything() {
    let mut kitchen = Subscriber::start().await;
    kitchen.stop().await;
    let service = Linked::start(&kitchen, None).await;
    let missed = ready_orders(&service, 3).await;
    kitchen.resume().await;
    assert_heard(&kitchen, &missed).await;
}

#[actix_web::test]
async fn metrics_show_how_far_a_subscriber_is_behind() {
    let (mut kitchen, delivery) = two_subscribers().await;
    kitchen.stop().await;
    let service = Linked::start(&kitchen, Some(&delivery)).await;
    let orders = ready_orders(&service, 2).await;
    assert_heard(&delivery, &orders).await;
    service
        .alter("UPDATE outbox SET created_at = created_at - 60000 WHERE recipient = 'kitchen'")
        .await;
    let waiting = gauge(&service, "outbox_waiting_messages", "kitchen").await;
    assert_eq!(waiting, 4);
    let oldest = gauge(&service, "outbox_oldest_message_age_seconds", "kitchen").await;
    assert!(oldest >= 60, "{oldest}");
    eventually("delivery to be up to date", async || {
        (gauge(&service, "outbox_waiting_messages", "delivery").await == 0).then_some(())
    })
    .await;
}

#[actix_web::test]
async fn an_event_that_was_not_taken_survives_a_restart() {
    let mut kitchen = Subscriber::start().await;
    kitchen.stop().await;
    let service = Linked::start(&kitchen, None).await;
    let orders = ready_orders(&service, 5).await;
    let database = service.stop().await;
    assert_eq!(waiting(&database).await, 10);
    kitchen.resume().await;
    let again = Linked::start_on(database, &kitchen, None).await;
    assert_heard(&kitchen, &orders).await;
    again.nothing_waits().await;
}

/// A service with one event in flight and another behind it.
async fn with_one_under_way(kitchen: &Subscriber) -> (Linked, Value) {
    kitchen.answer(|_event| Reply::Held);
    let service = Linked::start(kitchen, None).await;
    let order = service.ready_order().await;
    eventually("a request under way", async || {
        (!kitchen.attempts(&order).is_empty()).then_some(())
    })
    .await;
    (service, order)
}

#[actix_web::test]
async fn a_stop_finishes_requests_in_flight_and_leaves_the_rest_to_the_next_start() {
    let kitchen = Subscriber::start().await;
    let (service, order) = with_one_under_way(&kitchen).await;
    let release = async { kitchen.answer(|_event| TAKEN) };
    let (database, ()) = join(service.stop(), release).await;
    assert_eq!(kitchen.attempts(&order), ["EN_ATTENTE"]);
    assert_eq!(waiting(&database).await, 1);
    let _again = Linked::start_on(database, &kitchen, None).await;
    kitchen.receives(&order, &["EN_ATTENTE", "PRETE"]).await;
    assert_eq!(kitchen.attempts(&order), ["EN_ATTENTE", "PRETE"]);
}

#[actix_web::test]
async fn an_event_that_hangs_at_a_stop_is_due_at_the_next_start_without_waiting_for_its_lease() {
    let kitchen = Subscriber::start().await;
    let (service, order) = with_one_under_way(&kitchen).await;
    let database = service.stop().await;
    assert_eq!(waiting(&database).await, 2);
    let due_at = number(&database, "SELECT MAX(due_at) FROM outbox").await;
    // On a busy machine it may have been tried before the stop as well, and each try doubles the
    // wait.
    let tried = number(&database, "SELECT MAX(attempts) FROM outbox").await;
    assert!(tried >= 1);
    assert!(due_at <= Timestamp::now().millis() + (FIRST_RETRY_MS << (tried - 1)));
    kitchen.answer(|_event| TAKEN);
    let _again = Linked::start_on(database, &kitchen, None).await;
    kitchen.receives(&order, &["EN_ATTENTE", "PRETE"]).await;
}
