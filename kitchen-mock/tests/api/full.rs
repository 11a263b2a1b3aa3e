//! Tests of a full kitchen: further orders wait at the order service and come in by age.

use order_feed::testing::{FakeOrderService, new_order, tell};
use serde_json::json;
use service_kit::testing::{Client, eventually};
use shared_types::order::{Order, OrderStatus};

use crate::linked::ready;
use crate::{process, tickets};

/// The kitchen's limit.
const ROOM: usize = 10_000;

fn ids(orders: &[Order]) -> Vec<String> {
    orders.iter().map(|order| order.id.to_string()).collect()
}

/// The gauge of a full kitchen in `/metrics`.
async fn is_full(kitchen: &Client) -> bool {
    let metrics = kitchen.get("/metrics").await;
    let text = String::from_utf8_lossy(&metrics.body);
    let value = text
        .lines()
        .find_map(|line| line.strip_prefix("orders_intake_full "));
    value.unwrap() == "1"
}

/// Waits until an order can be marked, which it can once it has a ticket. The list of all tickets
/// is too long to be requested again and again.
async fn until_held(kitchen: &Client, order: &Order) {
    eventually("a ticket for an order that waited", async || {
        let begun = json!({"order_id": order.id, "status": "EN_PREPARATION"});
        let marked = kitchen.post("/update", begun).await;
        (marked.status == 200).then_some(())
    })
    .await;
}

#[actix_web::test]
async fn a_full_kitchen_says_so_refuses_nothing_and_takes_the_oldest_order_first() {
    let mut known: Vec<_> = (0..ROOM + 100)
        .map(|_| new_order(OrderStatus::Pending))
        .collect();
    let orders = FakeOrderService::serving(known.clone());
    let folder = tempfile::tempdir().unwrap();
    let process = process(&orders, folder.path());
    let kitchen = Client::of(process.addr());
    eventually("no more room", async || {
        is_full(&kitchen).await.then_some(())
    })
    .await;
    let _ = process.line_with("there is no room for another order");
    let held = tickets(&kitchen).await;
    assert!(held == ids(&known[..ROOM]), "{} are held", held.len());
    assert!(is_full(&kitchen).await);
    let _ = kitchen.get("/ready").await.ok(200);

    // The kitchen notes a newcomer, so that its sender need not repeat it. It waits behind the
    // others.
    let newcomer = new_order(OrderStatus::Pending);
    orders.put(newcomer.clone());
    tell(&kitchen, &newcomer).await;
    known.push(newcomer);
    for order in &known[..50] {
        ready(&kitchen, order).await;
    }
    until_held(&kitchen, &known[ROOM + 49]).await;
    assert!(tickets(&kitchen).await == ids(&known[50..ROOM + 50]));

    for order in &known[50..101] {
        ready(&kitchen, order).await;
    }
    eventually("all orders to be known", async || {
        (!is_full(&kitchen).await).then_some(())
    })
    .await;
    let _ = process.line_with("caught up: ");
    assert!(tickets(&kitchen).await == ids(&known[101..]));
}
