//! `kill -9`: a hand-over that was answered 200 reaches the order service, if only after a restart of delivery.

use std::net::SocketAddr;

use serde_json::json;
use service_kit::testing::{Answered, Client, OrdersStandIn, kill_amid};
use shared_types::order::{Order, OrderStatus};

use crate::{order_at, process};

/// Enough that several marks are under way when the kill comes.
const CONCURRENT: usize = 8;
const ORDERS_EACH: usize = 100;
const ANSWERED_BEFORE_THE_KILL: usize = 60;

/// Hands over one order after another until delivery is gone.
async fn mark_on(addr: SocketAddr, orders: Vec<Order>, answered: Answered<Order>) {
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

#[actix_web::test]
async fn every_hand_over_that_was_answered_while_the_order_service_was_away_survives_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let known: Vec<_> = (0..CONCURRENT * ORDERS_EACH)
        .map(|_| order_at(OrderStatus::Ready))
        .collect();
    let mut orders = OrdersStandIn::with(known.clone());
    let mut delivery = process(&orders, folder.path());
    let _ = delivery.line_with("caught up: ");
    orders.stop().await;

    let killed = kill_amid(
        &mut delivery,
        CONCURRENT,
        ANSWERED_BEFORE_THE_KILL,
        |number, addr, answered| {
            let each = known.chunks(ORDERS_EACH).nth(number).unwrap();
            mark_on(addr, each.to_vec(), answered)
        },
    );
    let answered = killed.await;
    assert_eq!(orders.heard(), []);

    let again = process(&orders, folder.path());
    let _ = Client::of(again.addr()).get("/ready").await.ok(200);
    orders.start();
    for order in &answered {
        orders.until(order, OrderStatus::Delivered).await;
    }
}
