//! Tests of replicas that share an outbox.

use futures_util::future::{join, join_all};
use serde_json::Value;
use service_kit::testing::eventually;
use sqlx::{AnyConnection, Connection as _};

use crate::suite::linked::{Linked, number, waiting};
use crate::suite::path;
use crate::suite::subscriber::{Reply, Subscriber, TAKEN};

const ORDERS: usize = 100;

/// An order that is made at one replica and changed at both.
async fn prepared_order(one: &Linked, other: &Linked) -> Value {
    let order = one.order().await;
    let _ = other.change(&order, "EN_PREPARATION").await.ok(200);
    one.change(&order, "PRETE").await.ok(200)
}

#[actix_web::test]
async fn each_event_is_sent_once_and_in_order_whichever_replica_sends_it() {
    let kitchen = Subscriber::start().await;
    let one = Linked::start(&kitchen, None).await;
    let other = Linked::start_on(one.database.clone(), &kitchen, None).await;
    let orders = join_all((0..ORDERS).map(|number| match number % 2 {
        0 => prepared_order(&one, &other),
        _ => prepared_order(&other, &one),
    }));
    let orders = orders.await;
    one.nothing_waits().await;
    // After both have stopped, requests in flight have arrived too, including duplicates.
    join(one.stop(), other.stop()).await;
    for order in &orders {
        let told = ["EN_ATTENTE", "EN_PREPARATION", "PRETE"];
        assert_eq!(kitchen.attempts(order), told, "{}", path(order));
    }
    assert_eq!(kitchen.arrivals().len(), 3 * ORDERS);
    assert_eq!(kitchen.most_at_once(), 1);
}

/// As after a long evening without the kitchen: both find the same rows due.
#[actix_web::test]
async fn two_replicas_send_a_long_queue_once() {
    let mut kitchen = Subscriber::start().await;
    kitchen.stop().await;
    let before = Linked::start(&kitchen, None).await;
    let _ = before.order().await;
    before
        .alter(
            "INSERT INTO outbox (recipient, topic, step, body, created_at, due_at, attempts) \
             SELECT recipient, made.topic, step, replace(body, outbox.topic, made.topic), \
                 created_at, due_at, attempts \
             FROM outbox, (SELECT gen_random_uuid()::text AS topic FROM generate_series(1, 1999)) AS made",
        )
        .await;
    let database = before.stop().await;
    assert_eq!(waiting(&database).await, 2000);

    kitchen.resume().await;
    let one = Linked::start_on(database.clone(), &kitchen, None).await;
    let other = Linked::start_on(database, &kitchen, None).await;
    one.nothing_waits().await;
    join(one.stop(), other.stop()).await;
    assert_eq!(kitchen.arrivals().len(), 2000);
    assert_eq!(kitchen.most_at_once(), 1);
}

/// Otherwise the subscriber would get the event again after the next start.
#[actix_web::test]
async fn a_result_that_a_lock_keeps_from_being_written_is_written_before_the_stop_ends() {
    let kitchen = Subscriber::start().await;
    kitchen.answer(|_event| Reply::Held);
    let service = Linked::start(&kitchen, None).await;
    let order = service.order().await;
    eventually("a request under way", async || {
        (!kitchen.attempts(&order).is_empty()).then_some(())
    })
    .await;
    let database = service.database.clone();
    let mut other = AnyConnection::connect(&database.url()).await.unwrap();
    let mut lock = other.begin().await.unwrap();
    sqlx::query("SELECT 1 FROM outbox FOR UPDATE")
        .execute(&mut *lock)
        .await
        .unwrap();
    kitchen.answer(|_event| TAKEN);
    let release = async {
        for (what, expected) in [("wait for the lock", true), ("give up", false)] {
            eventually(&format!("the service to {what}"), async || {
                let is_waiting = number(
                    &database,
                    "SELECT COUNT(*) FROM pg_stat_activity \
                     WHERE datname = current_database() AND wait_event_type = 'Lock'",
                );
                ((is_waiting.await > 0) == expected).then_some(())
            })
            .await;
        }
        lock.rollback().await.unwrap();
    };
    let (database, ()) = join(service.stop(), release).await;
    assert_eq!(waiting(&database).await, 0);
    assert_eq!(kitchen.attempts(&order), ["EN_ATTENTE"]);
}
