//! The test of both mocks that an answered mark survives `kill -9`.

use std::net::SocketAddr;
use std::path::Path;

use serde_json::json;
use service_kit::testing::{Answered, Client, Process, kill_amid};
use shared_types::order::{Order, OrderStatus};

use super::{FakeOrderService, new_order};

/// Enough that several marks are in flight when the process is killed.
const CONCURRENT: usize = 8;
const ORDERS_EACH: usize = 100;
const ANSWERED_BEFORE_THE_KILL: usize = 60;

/// Marks orders in `from` while the order service is stopped, kills the process, starts another
/// one, and waits until each answered mark has brought its order to `to`.
///
/// # Panics
/// A mark is refused, or lost.
pub async fn answered_marks_survive_a_kill(
    start: impl Fn(&FakeOrderService, &Path) -> Process,
    folder: &Path,
    from: OrderStatus,
    to: OrderStatus,
) {
    let known: Vec<_> = (0..CONCURRENT * ORDERS_EACH)
        .map(|_| new_order(from))
        .collect();
    let mut orders = FakeOrderService::serving(known.clone());
    let mut process = start(&orders, folder);
    let _ = process.line_with("caught up: ");
    orders.stop().await;

    let killed = kill_amid(
        &mut process,
        CONCURRENT,
        ANSWERED_BEFORE_THE_KILL,
        |number, addr, answered| {
            let each = known.chunks(ORDERS_EACH).nth(number);
            mark_each(
                addr,
                each.expect("a chunk for each client").to_vec(),
                answered,
            )
        },
    );
    let answered = killed.await;
    assert_eq!(orders.changes(), []);

    let restarted = start(&orders, folder);
    let _ = Client::of(restarted.addr()).get("/ready").await.ok(200);
    orders.start();
    for order in &answered {
        orders.until(order, to).await;
    }
}

/// Marks one order after another until the process is gone.
async fn mark_each(addr: SocketAddr, orders: Vec<Order>, answered: Answered<Order>) {
    let http = awc::Client::default();
    let url = format!("http://{addr}/update");
    for order in orders {
        let mark = json!({"order_id": order.id});
        let Ok(answer) = http.post(&url).send_json(&mark).await else {
            return;
        };
        assert_eq!(answer.status(), 200);
        answered.borrow_mut().push(order);
    }
}
