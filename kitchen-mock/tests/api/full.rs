//! More open orders than the kitchen has room for: the others wait at the order service, and come in by age.

use service_kit::testing::{Client, OrdersStandIn, eventually};
use shared_types::order::{Order, OrderStatus};

use crate::linked::ready;
use crate::{order, process, tell, tickets};

/// As much as the kitchen keeps.
const ROOM: usize = 10_000;

fn ids(orders: &[Order]) -> Vec<String> {
    orders.iter().map(|order| order.id.to_string()).collect()
}

/// What `/metrics` says of the bound.
async fn is_full(kitchen: &Client) -> bool {
    let metrics = kitchen.get("/metrics").await;
    let text = String::from_utf8_lossy(&metrics.body);
    let value = text
        .lines()
        .find_map(|line| line.strip_prefix("orders_intake_full "));
    value.unwrap() == "1"
}

#[actix_web::test]
async fn a_full_kitchen_says_so_refuses_nothing_and_takes_the_oldest_order_first() {
    let mut known: Vec<_> = (0..ROOM + 100)
        .map(|_| order(OrderStatus::Pending))
        .collect();
    let orders = OrdersStandIn::with(known.clone());
    let folder = tempfile::tempdir().unwrap();
    let process = process(&orders, folder.path());
    let _ = process.line_with("there is no room for another order");
    let kitchen = Client::of(process.addr());
    let held = tickets(&kitchen).await;
    assert!(held == ids(&known[..ROOM]), "{} are held", held.len());
    assert!(is_full(&kitchen).await);
    let _ = kitchen.get("/ready").await.ok(200);

    // A newcomer is taken note of, so that its sender need not come again, and waits behind the others.
    let newcomer = order(OrderStatus::Pending);
    orders.put(newcomer.clone());
    tell(&kitchen, &newcomer).await;
    known.push(newcomer);
    for order in &known[..50] {
        ready(&kitchen, order).await;
    }
    let expected = ids(&known[50..ROOM + 50]);
    eventually("the places that are free to be taken", async || {
        (tickets(&kitchen).await == expected).then_some(())
    })
    .await;

    for order in &known[50..101] {
        ready(&kitchen, order).await;
    }
    let _ = process.line_with("caught up: ");
    let expected = ids(&known[101..]);
    assert!(tickets(&kitchen).await == expected);
    assert!(!is_full(&kitchen).await);
}
