//! Tests of a start: the kitchen asks the order service for open orders.

use order_feed::testing::{Behaviour, FakeOrderService, new_order};
use service_kit::testing::{Client, eventually};
use shared_types::order::{Order, OrderStatus};
use shared_types::problem::Code;

use crate::{linked, process, tickets};

fn ids<'a>(orders: impl IntoIterator<Item = &'a Order>) -> Vec<String> {
    let ids = orders.into_iter().map(|order| order.id.to_string());
    ids.collect()
}

#[actix_web::test]
async fn there_is_a_ticket_for_each_open_order_the_oldest_first() {
    // More than two pages of each status, since a page has 200 at most.
    let statuses = [OrderStatus::Pending, OrderStatus::Preparing];
    let open: Vec<_> = (0..450).flat_map(|_| statuses.map(new_order)).collect();
    let orders = FakeOrderService::serving(open.clone());
    let folder = tempfile::tempdir().unwrap();
    let kitchen = linked(&orders, folder.path()).await;
    eventually("all tickets", async || {
        (tickets(&kitchen).await.len() >= 900 + 3).then_some(())
    })
    .await;
    let listed = kitchen.get("/orders").await.ok(200);
    let listed = listed.as_array().unwrap().iter();
    // The samples are as old as the kitchen.
    let listed: Vec<_> = listed
        .filter(|ticket| !ticket["order_id"].as_str().unwrap().starts_with("CMD"))
        .collect();
    assert_eq!(listed.len(), open.len());
    for (ticket, order) in listed.into_iter().zip(&open) {
        assert_eq!(ticket["order_id"], order.id.to_string());
        assert_eq!(ticket["status"], order.status.as_str());
    }
}

#[actix_web::test]
async fn an_order_past_the_kitchen_gets_no_ticket() {
    let all = OrderStatus::ALL.iter().map(|status| new_order(*status));
    let all: Vec<_> = all.collect();
    let orders = FakeOrderService::serving(all.clone());
    let folder = tempfile::tempdir().unwrap();
    let kitchen = process(&orders, folder.path());
    let _ = kitchen.line_with("caught up: 2 open orders");
    let expected = all
        .iter()
        .filter(|order| matches!(order.status, OrderStatus::Pending | OrderStatus::Preparing));
    let kitchen = Client::of(kitchen.addr());
    assert_eq!(tickets(&kitchen).await, ids(expected));
}

#[actix_web::test]
async fn it_waits_for_an_order_service_that_has_not_started() {
    let mut orders = FakeOrderService::stopped();
    let folder = tempfile::tempdir().unwrap();
    let process = process(&orders, folder.path());
    let _ = process.line_with("the open orders are not known yet");
    let kitchen = Client::of(process.addr());
    assert!(tickets(&kitchen).await.is_empty());

    let open = new_order(OrderStatus::Pending);
    orders.put(open.clone());
    orders.start();
    let caught_up = eventually("the ticket", async || {
        Some(tickets(&kitchen).await).filter(|tickets| !tickets.is_empty())
    })
    .await;
    assert_eq!(caught_up, ids([&open]));
}

#[actix_web::test]
async fn it_asks_again_where_the_order_service_fails() {
    let open = new_order(OrderStatus::Pending);
    let orders = FakeOrderService::serving([open.clone()]);
    orders.behave(Behaviour::Refuse(Code::InternalError));
    let folder = tempfile::tempdir().unwrap();
    let process = process(&orders, folder.path());
    let line = process.line_with("the open orders are not known yet");
    assert!(line.contains("500"), "{line}");
    orders.behave(Behaviour::Answer);
    let _ = process.line_with("caught up: 1 open orders");
    let kitchen = Client::of(process.addr());
    assert_eq!(tickets(&kitchen).await, ids([&open]));
}
