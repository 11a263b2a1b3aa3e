//! Tests that the kitchen's marks reach the order service, and that nobody who marks waits for it.

use std::fs;
use std::time::Duration;

use order_feed::testing::{Behaviour, FakeOrderService, new_order, tell, waiting_reports};
use serde_json::json;
use service_kit::env::Env;
use service_kit::testing::{Client, eventually};
use shared_types::order::{Order, OrderStatus};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};

use crate::{linked, start, tickets};

/// Longer than it ever takes, and shorter than one timed-out request for each of these marks.
const AT_ONCE: Duration = Duration::from_secs(15);
const MARKS: usize = 10;

pub(crate) async fn mark(kitchen: &Client, order: &Order, status: &str) {
    let mark = json!({"order_id": order.id, "status": status});
    let _ = kitchen.post("/update", mark).await.ok(200);
}

/// The mark without a status.
pub(crate) async fn ready(kitchen: &Client, order: &Order) {
    let mark = json!({"order_id": order.id});
    let _ = kitchen.post("/update", mark).await.ok(200);
}

/// A kitchen that has just learned of these orders.
pub(crate) async fn told<'a>(
    kitchen: Client,
    orders: impl IntoIterator<Item = &'a Order>,
) -> Client {
    for order in orders {
        tell(&kitchen, order).await;
    }
    kitchen
}

/// Waits until no report is left.
pub(crate) async fn everything_is_settled(kitchen: &Client) {
    eventually("an empty outbox", async || {
        (waiting_reports(kitchen).await == 0).then_some(())
    })
    .await;
}

#[actix_web::test]
async fn a_mark_reaches_the_order_service() {
    use OrderStatus::{Cancelled, Pending, Preparing, Ready};
    let folder = tempfile::tempdir().unwrap();
    let (a, b, c) = (new_order(Pending), new_order(Pending), new_order(Preparing));
    let known = [a.clone(), b.clone(), c.clone()];
    let orders = FakeOrderService::serving(known.clone());
    let kitchen = told(linked(&orders, folder.path()).await, &known).await;
    mark(&kitchen, &a, "en préparation").await;
    ready(&kitchen, &b).await;
    mark(&kitchen, &c, "ANNULEE").await;
    for (order, status) in [(a, Preparing), (b, Ready), (c, Cancelled)] {
        orders.until(&order, status).await;
        assert_eq!(orders.changes_to(&order), [status]);
    }
}

#[actix_web::test]
async fn an_order_that_was_asked_for_at_the_start_is_reported_like_any_other() {
    let folder = tempfile::tempdir().unwrap();
    let open = new_order(OrderStatus::Pending);
    let orders = FakeOrderService::serving([open.clone()]);
    let kitchen = linked(&orders, folder.path()).await;
    eventually("the ticket", async || {
        let tickets = tickets(&kitchen).await;
        tickets.contains(&open.id.to_string()).then_some(())
    })
    .await;
    ready(&kitchen, &open).await;
    orders.until(&open, OrderStatus::Ready).await;
}

#[actix_web::test]
async fn a_mark_on_a_sample_concerns_nobody_else() {
    let folder = tempfile::tempdir().unwrap();
    let real = new_order(OrderStatus::Pending);
    let orders = FakeOrderService::serving([real.clone()]);
    let kitchen = told(linked(&orders, folder.path()).await, [&real]).await;
    let sample = json!({"order_id": "CMD1234"});
    let _ = kitchen.post("/update", sample).await.ok(200);
    ready(&kitchen, &real).await;
    orders.until(&real, OrderStatus::Ready).await;
    everything_is_settled(&kitchen).await;
    let expected = [(real.id.to_string(), OrderStatus::Ready)];
    assert_eq!(orders.changes(), expected);
}

#[actix_web::test]
async fn marks_are_answered_before_the_order_service_starts_and_arrive_afterwards() {
    let folder = tempfile::tempdir().unwrap();
    let mut orders = FakeOrderService::stopped();
    let known: Vec<_> = (0..MARKS)
        .map(|_| new_order(OrderStatus::Pending))
        .collect();
    let kitchen = told(linked(&orders, folder.path()).await, &known).await;
    for order in &known {
        ready(&kitchen, order).await;
    }
    assert_eq!(waiting_reports(&kitchen).await, MARKS);
    let _ = kitchen.get("/ready").await.ok(200);

    known.iter().cloned().for_each(|order| orders.put(order));
    orders.start();
    for order in &known {
        orders.until(order, OrderStatus::Ready).await;
    }
    everything_is_settled(&kitchen).await;
}

#[actix_web::test]
async fn marks_arrive_after_an_outage_of_the_order_service() {
    let folder = tempfile::tempdir().unwrap();
    let known = [(); 2].map(|()| new_order(OrderStatus::Pending));
    let mut orders = FakeOrderService::serving(known.clone());
    let kitchen = told(linked(&orders, folder.path()).await, &known).await;
    let [before, during] = &known;
    ready(&kitchen, before).await;
    orders.until(before, OrderStatus::Ready).await;

    orders.stop().await;
    ready(&kitchen, during).await;
    let _ = kitchen.get("/ready").await.ok(200);
    assert_eq!(orders.changes_to(during), []);
    orders.start();
    orders.until(during, OrderStatus::Ready).await;
}

#[actix_web::test]
async fn marks_are_answered_at_once_while_the_order_service_hangs_and_arrive_when_it_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let known: Vec<_> = (0..MARKS)
        .map(|_| new_order(OrderStatus::Pending))
        .collect();
    let orders = FakeOrderService::serving(known.clone());
    orders.behave(Behaviour::Hang);
    let kitchen = told(linked(&orders, folder.path()).await, &known).await;
    let marks = async {
        for order in &known {
            ready(&kitchen, order).await;
        }
    };
    actix_web::rt::time::timeout(AT_ONCE, marks).await.unwrap();
    eventually("one to have been asked for", async || {
        (!orders.changes().is_empty()).then_some(())
    })
    .await;
    assert_eq!(waiting_reports(&kitchen).await, MARKS);

    orders.behave(Behaviour::Answer);
    for order in &known {
        orders.until(order, OrderStatus::Ready).await;
    }
}

#[actix_web::test]
async fn two_marks_of_one_order_arrive_in_order() {
    use OrderStatus::{Preparing, Ready};
    let folder = tempfile::tempdir().unwrap();
    let mut orders = FakeOrderService::stopped();
    let known = [(); MARKS].map(|()| new_order(OrderStatus::Pending));
    let kitchen = told(linked(&orders, folder.path()).await, &known).await;
    for order in &known {
        mark(&kitchen, order, "EN_PREPARATION").await;
        ready(&kitchen, order).await;
    }
    known.iter().cloned().for_each(|order| orders.put(order));
    orders.start();
    for order in &known {
        orders.until(order, Ready).await;
        assert_eq!(orders.changes_to(order), [Preparing, Ready]);
    }
}

#[actix_web::test]
async fn a_kitchen_by_itself_keeps_no_file_and_has_no_metrics() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("kitchen.db");
    let env = [
        ("KITCHEN_MOCK_BIND", "127.0.0.1:0"),
        ("DATABASE_URL", &format!("sqlite://{}", file.display())),
    ];
    let kitchen = start(Env::of_pairs(env)).await;
    let known = new_order(OrderStatus::Pending);
    ready(&told(kitchen.clone(), [&known]).await, &known).await;
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    let answer = kitchen.get("/metrics").await;
    let _ = answer.problem(404, "route_not_found");
}

#[actix_web::test]
async fn a_mark_that_cannot_be_kept_changes_nothing_and_can_be_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let order = new_order(OrderStatus::Pending);
    let orders = FakeOrderService::serving([order.clone()]);
    let kitchen = told(linked(&orders, folder.path()).await, [&order]).await;
    let before = tickets(&kitchen).await;

    let file = SqliteConnectOptions::new().filename(folder.path().join("kitchen.db"));
    let mut other = file.connect().await.unwrap();
    let lock = other.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let refused = kitchen.post("/update", json!({"order_id": order.id})).await;
    let _ = refused.problem(503, "service_unavailable");
    assert_eq!(tickets(&kitchen).await, before);

    lock.rollback().await.unwrap();
    ready(&kitchen, &order).await;
    orders.until(&order, OrderStatus::Ready).await;
}
