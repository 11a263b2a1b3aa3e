//! Tests of a long backlog: new events do not wait behind it, and refused events keep nobody busy.

use std::time::Duration;

use actix_web::rt::time::sleep;
use service_kit::testing::eventually;

use super::goes_to;
use crate::suite::linked::{Linked, waiting};
use crate::suite::subscriber::{Reply, Subscriber, TAKEN};

const FULL: Reply = Reply::Status(507);

/// The address of the orders of the backlog.
const BACKLOG: &str = "1 rue du Passe-plat";

/// More than go out while one order is made.
const LONG: i64 = 4000;

/// As after an evening without the subscriber: copies of the event of one order.
async fn with_backlog(kitchen: &Subscriber, copies: &'static str) -> Linked {
    let service = Linked::start(kitchen, None).await;
    let _ = service.order_to(BACKLOG).await;
    service.alter(copies).await;
    service
}

macro_rules! copies {
    ($count:literal) => {
        concat!(
            "INSERT INTO outbox (recipient, topic, step, body, created_at, due_at, attempts)
             WITH RECURSIVE made (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM made WHERE number < ",
            $count,
            ")
             SELECT recipient, topic || '-' || CAST(number AS TEXT), step,
                 replace(body, topic, topic || '-' || CAST(number AS TEXT)), created_at, created_at, attempts
             FROM outbox, made"
        )
    };
}

#[actix_web::test]
async fn a_new_order_is_sent_alongside_a_long_backlog() {
    let mut kitchen = Subscriber::start().await;
    kitchen.stop().await;
    let service = with_backlog(&kitchen, copies!(3999)).await;
    assert_eq!(waiting(&service.database).await, LONG);
    kitchen.resume().await;
    eventually("the backlog to go out", async || {
        (kitchen.arrivals().len() >= 100).then_some(())
    })
    .await;
    let before = kitchen.arrivals().len();
    let order = service.order().await;
    kitchen.receives(&order, &["EN_ATTENTE"]).await;
    let mut arrivals = kitchen.arrivals().into_iter();
    let place = arrivals.position(|arrival| arrival.event["subject"] == order["id"]);
    let overtaken = place.unwrap() - before;
    assert!(
        overtaken < 1000,
        "{overtaken} of the backlog came before it"
    );

    service.nothing_waits().await;
    assert_eq!(kitchen.most_at_once(), 1);
}

#[actix_web::test]
async fn a_backlog_goes_out_by_no_more_than_32_requests_at_a_time() {
    let mut kitchen = Subscriber::start().await;
    kitchen.stop().await;
    let service = with_backlog(&kitchen, copies!(499)).await;
    kitchen.resume().await;
    service.nothing_waits().await;
    let together = kitchen.most_together();
    assert!((2..=32).contains(&together), "{together}");
}

#[actix_web::test]
async fn a_subscriber_that_refuses_a_backlog_gets_few_of_it_and_all_new_orders() {
    let mut kitchen = Subscriber::start().await;
    kitchen.stop().await;
    let service = with_backlog(&kitchen, copies!(199)).await;
    kitchen.answer(|event| match goes_to(event, BACKLOG) {
        true => FULL,
        false => TAKEN,
    });
    kitchen.resume().await;
    eventually("a refusal of each", async || {
        (kitchen.arrivals().len() >= 200).then_some(())
    })
    .await;
    // Otherwise, each would be tried at least four times in that time.
    sleep(Duration::from_secs(3)).await;
    let tried_again = kitchen.arrivals().len() - 200;
    assert!(tried_again <= 100, "{tried_again}");

    let order = service.ready_order().await;
    kitchen.receives(&order, &["EN_ATTENTE", "PRETE"]).await;
    eventually("the backlog alone to wait", async || {
        (waiting(&service.database).await == 200).then_some(())
    })
    .await;

    // Once one of them is taken, all of them are.
    kitchen.answer(|_event| TAKEN);
    service.nothing_waits().await;
}
