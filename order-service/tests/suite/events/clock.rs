//! Tests of a clock that was ahead and is corrected: no event waits that much longer, and its wait
//! is reported.

use service_kit::testing::eventually;

use super::gauge;
use crate::suite::linked::Linked;
use crate::suite::subscriber::Subscriber;

/// As if everything had been written an hour later.
const AN_HOUR_AHEAD: &str =
    "UPDATE outbox SET created_at = created_at + 3600000, due_at = due_at + 3600000";

#[actix_web::test]
async fn an_event_postponed_by_a_clock_that_was_ahead_is_sent_after_a_restart() {
    let mut kitchen = Subscriber::start().await;
    kitchen.stop().await;
    let service = Linked::start(&kitchen, None).await;
    let order = service.ready_order().await;
    service.alter(AN_HOUR_AHEAD).await;
    let database = service.stop().await;
    kitchen.resume().await;
    let _again = Linked::start_on(database, &kitchen, None).await;
    kitchen.receives(&order, &["EN_ATTENTE", "PRETE"]).await;
}

#[actix_web::test]
async fn a_message_dated_in_the_future_shows_its_wait_and_is_sent() {
    let mut kitchen = Subscriber::start().await;
    kitchen.stop().await;
    let service = Linked::start(&kitchen, None).await;
    let order = service.order().await;
    service.alter(AN_HOUR_AHEAD).await;
    eventually("a second of waiting", async || {
        let name = "outbox_oldest_message_age_seconds";
        (gauge(&service, name, "kitchen").await >= 1).then_some(())
    })
    .await;
    kitchen.resume().await;
    kitchen.receives(&order, &["EN_ATTENTE"]).await;
}
