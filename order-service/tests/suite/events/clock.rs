//! A clock that was ahead, and is set right: nothing waits for as long as it was ahead, and how long it waits is seen.

use service_kit::testing::eventually;

use super::gauge;
use crate::suite::linked::Linked;
use crate::suite::subscriber::Subscriber;

/// As if all of it had been written an hour later than it is.
const AN_HOUR_AHEAD: &str =
    "UPDATE outbox SET created_at = created_at + 3600000, due_at = due_at + 3600000";

#[actix_web::test]
async fn what_was_put_off_by_a_clock_that_was_ahead_is_told_after_a_restart() {
    let mut kitchen = Subscriber::start().await;
    kitchen.stop().await;
    let service = Linked::start(&kitchen, None).await;
    let order = service.ready_order().await;
    service.alter(AN_HOUR_AHEAD).await;
    let database = service.stop().await;
    kitchen.resume().await;
    let _again = Linked::start_on(database, &kitchen, None).await;
    kitchen.hears(&order, &["EN_ATTENTE", "PRETE"]).await;
}

#[actix_web::test]
async fn a_message_that_is_dated_in_the_future_shows_how_long_it_waits_and_is_told() {
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
    kitchen.hears(&order, &["EN_ATTENTE"]).await;
}
