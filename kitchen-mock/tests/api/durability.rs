//! `kill -9`: a mark that was answered 200 reaches the order service, if only after a restart of the kitchen.

use std::net::SocketAddr;

use serde_json::json;
use service_kit::testing::{Answered, Client, Conduct, OrdersStandIn, kill_amid};
use shared_types::order::{Order, OrderStatus};
use shared_types::problem::Code;

use crate::{order, process};

/// Enough that several marks are under way when the kill comes.
const CONCURRENT: usize = 8;
const ORDERS_EACH: usize = 100;
const ANSWERED_BEFORE_THE_KILL: usize = 60;

/// Marks one order after another until the kitchen is gone.
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
async fn every_mark_that_was_answered_while_the_order_service_was_away_survives_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let known: Vec<_> = (0..CONCURRENT * ORDERS_EACH)
        .map(|_| order(OrderStatus::Pending))
        .collect();
    let mut orders = OrdersStandIn::with(known.clone());
    let mut kitchen = process(&orders, folder.path());
    let _ = kitchen.line_with("caught up: ");
    orders.stop().await;

    let killed = kill_amid(
        &mut kitchen,
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
        orders.until(order, OrderStatus::Ready).await;
    }
}

#[actix_web::test]
async fn what_the_order_service_has_yet_to_hear_is_not_cooked_again_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let [cooked, waiting] = [(); 2].map(|()| order(OrderStatus::Pending));
    let orders = OrdersStandIn::with([cooked.clone(), waiting.clone()]);
    orders.conduct(Conduct::RefuseChanges(Code::ServiceUnavailable));
    let mut kitchen = process(&orders, folder.path());
    let _ = kitchen.line_with("caught up: 2 ");
    let mark = json!({"order_id": cooked.id});
    let marked = Client::of(kitchen.addr()).post("/update", mark).await;
    let _ = marked.ok(200);
    kitchen.kill();

    let again = process(&orders, folder.path());
    let _ = again.line_with("caught up: 2 ");
    let tickets = Client::of(again.addr()).get("/orders").await.ok(200);
    let tickets = tickets.as_array().unwrap();
    let ids: Vec<_> = tickets.iter().map(|ticket| &ticket["order_id"]).collect();
    assert_eq!(ids, [&json!(waiting.id)]);
    orders.conduct(Conduct::Answer);
    orders.until(&cooked, OrderStatus::Ready).await;
}
