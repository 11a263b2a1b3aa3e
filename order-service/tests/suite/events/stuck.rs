//! Tests that an event that is refused or not answered delays its own order only.

use service_kit::testing::eventually;

use super::{goes_to, two_subscribers};
use crate::suite::linked::Linked;
use crate::suite::subscriber::{Reply, Subscriber, TAKEN};

const POISON: &str = "1 rue du Poison";

#[actix_web::test]
async fn an_event_that_is_refused_holds_up_no_other_order_and_not_the_other_subscriber() {
    let (kitchen, delivery) = two_subscribers().await;
    kitchen.answer(|event| Reply::Status(if goes_to(event, POISON) { 400 } else { 204 }));
    let service = Linked::start(&kitchen, Some(&delivery)).await;
    let poisoned = service.order_to(POISON).await;
    let _ = service.change(&poisoned, "PRETE").await.ok(200);
    let good = service.ready_order().await;
    kitchen.receives(&good, &["EN_ATTENTE", "PRETE"]).await;
    for order in [&poisoned, &good] {
        delivery.receives(order, &["EN_ATTENTE", "PRETE"]).await;
    }
    assert!(kitchen.taken(&poisoned).is_empty());
}

#[actix_web::test]
async fn an_event_that_is_refused_is_tried_until_it_is_taken_and_its_orders_next_waits() {
    let kitchen = Subscriber::start().await;
    kitchen.answer(|_event| Reply::Status(400));
    let service = Linked::start(&kitchen, None).await;
    let order = service.ready_order().await;
    eventually("a few attempts", async || {
        (kitchen.attempts(&order).len() >= 3).then_some(())
    })
    .await;
    kitchen.answer(|_event| TAKEN);
    kitchen.receives(&order, &["EN_ATTENTE", "PRETE"]).await;

    let arrivals = kitchen.arrivals();
    let (last, before) = arrivals.split_last().unwrap();
    assert_eq!(last.event["data"]["status"], "PRETE");
    // The same event each time, so a receiver can recognise it.
    assert!(before.iter().all(|came| came.event == before[0].event));
}

#[actix_web::test]
async fn a_subscriber_that_hangs_for_one_order_holds_up_no_other() {
    let (kitchen, delivery) = two_subscribers().await;
    kitchen.answer(|event| match goes_to(event, POISON) {
        true => Reply::Held,
        false => TAKEN,
    });
    let service = Linked::start(&kitchen, Some(&delivery)).await;
    let stuck = service.order_to(POISON).await;
    eventually("the request that hangs", async || {
        (!kitchen.attempts(&stuck).is_empty()).then_some(())
    })
    .await;
    let _ = service.change(&stuck, "PRETE").await.ok(200);
    let good = service.ready_order().await;
    kitchen.receives(&good, &["EN_ATTENTE", "PRETE"]).await;
    assert!(kitchen.is_not_held_up_by(&stuck));
    delivery.receives(&stuck, &["EN_ATTENTE", "PRETE"]).await;
    // The first try timed out and was repeated.
    eventually("another try", async || {
        (kitchen.attempts(&stuck).len() >= 2).then_some(())
    })
    .await;
    assert!(kitchen.taken(&stuck).is_empty());
    kitchen.answer(|_event| TAKEN);
    kitchen.receives(&stuck, &["EN_ATTENTE", "PRETE"]).await;
}

#[actix_web::test]
async fn an_order_does_not_wait_for_a_subscriber_that_hangs() {
    let kitchen = Subscriber::start().await;
    kitchen.answer(|_event| Reply::Held);
    let service = Linked::start(&kitchen, None).await;
    let mut orders = Vec::new();
    // More than the requests in flight to one subscriber.
    for _ in 0..50 {
        orders.push(service.ready_order().await);
    }
    assert!(orders.iter().all(|order| kitchen.taken(order).is_empty()));
    kitchen.answer(|_event| TAKEN);
    for order in &orders {
        kitchen.hears(order, &["EN_ATTENTE", "PRETE"]).await;
    }
}
