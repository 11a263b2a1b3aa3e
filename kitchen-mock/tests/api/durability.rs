//! Tests that an answered mark reaches the order service even if the kitchen is killed before.

use order_feed::testing::{Behaviour, FakeOrderService, answered_marks_survive_a_kill, new_order};
use serde_json::json;
use service_kit::testing::Client;
use shared_types::order::OrderStatus::{Pending, Ready};
use shared_types::problem::Code;

use crate::process;

#[actix_web::test]
async fn an_answered_mark_survives_a_kill_while_the_order_service_is_unavailable() {
    let folder = tempfile::tempdir().unwrap();
    answered_marks_survive_a_kill(process, folder.path(), Pending, Ready).await;
}

#[actix_web::test]
async fn an_unreported_order_is_not_cooked_again_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let [cooked, waiting] = [(); 2].map(|()| new_order(Pending));
    let orders = FakeOrderService::serving([cooked.clone(), waiting.clone()]);
    orders.behave(Behaviour::RefuseChanges(Code::ServiceUnavailable));
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
    orders.behave(Behaviour::Answer);
    orders.until(&cooked, Ready).await;
}
