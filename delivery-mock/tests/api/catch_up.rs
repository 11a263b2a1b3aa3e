//! Tests of a start: delivery asks the order service for orders that are ready or on their way.

use order_feed::testing::{FakeOrderService, new_order};
use serde_json::{Value, json};
use service_kit::testing::{Client, eventually};
use shared_types::order::OrderStatus::{self, Delivering, Ready};

use crate::{column, linked, process};

/// The deliveries, once there are `count`.
async fn deliveries(client: &Client, count: usize) -> Value {
    eventually(&format!("{count} deliveries"), async || {
        let all = client.get("/livraisons").await.ok(200);
        (all.as_array()?.len() == count).then_some(all)
    })
    .await
}

#[actix_web::test]
async fn a_ready_order_waits_and_one_on_its_way_has_been_picked_up() {
    let all: Vec<_> = OrderStatus::ALL.iter().map(|it| new_order(*it)).collect();
    let orders = FakeOrderService::serving(all.clone());
    let folder = tempfile::tempdir().unwrap();
    let process = process(&orders, folder.path());
    let _ = process.line_with("caught up: 2 open orders");
    let drafted = deliveries(&Client::of(process.addr()), 2).await;
    for (status, expected) in [(Ready, "EN_ATTENTE"), (Delivering, "RECUPEREE")] {
        let order = all.iter().find(|order| order.status == status).unwrap();
        let mut drafts = drafted.as_array().unwrap().iter();
        let draft = drafts.find(|draft| draft["commandeId"] == json!(order.id));
        let draft = draft.unwrap();
        assert_eq!(draft["statut"], expected);
        assert_eq!(draft["adresseArrivee"], json!(order.address));
    }
    // The order service knows all of it already.
    assert_eq!(orders.changes(), []);
}

#[actix_web::test]
async fn the_older_an_order_the_older_its_draft() {
    // More than two pages of each status, since a page has 200 at most.
    let open: Vec<_> = (0..450)
        .flat_map(|_| [Ready, Delivering].map(new_order))
        .collect();
    let orders = FakeOrderService::serving(open.clone());
    let folder = tempfile::tempdir().unwrap();
    let process = process(&orders, folder.path());
    let newest_first = deliveries(&Client::of(process.addr()), 900).await;
    let drafted = column(&newest_first, "commandeId").into_iter().rev();
    let wrong = drafted
        .zip(&open)
        .position(|(draft, order)| *draft != json!(order.id));
    assert_eq!(wrong, None);
}

#[actix_web::test]
async fn the_oldest_draft_goes_to_the_courier_who_is_free() {
    let open = [(); 2].map(|()| new_order(Ready));
    let orders = FakeOrderService::serving(open.clone());
    let folder = tempfile::tempdir().unwrap();
    let client = linked(&orders, folder.path()).await;
    let _ = deliveries(&client, 4).await;
    let assigned = client.get("/assigned").await.ok(200);
    let oldest = open[0].id.to_string();
    assert_eq!(column(&assigned, "order_id"), ["CMD1234", &oldest]);
    assert_eq!(column(&assigned, "livreur"), ["Youssef", "Camille"]);
}

#[actix_web::test]
async fn it_waits_for_an_order_service_that_has_not_started() {
    let mut orders = FakeOrderService::stopped();
    let folder = tempfile::tempdir().unwrap();
    let process = process(&orders, folder.path());
    let _ = process.line_with("the open orders are not known yet");
    let client = Client::of(process.addr());
    let _ = client.get("/ready").await.ok(200);
    let _ = deliveries(&client, 0).await;

    let open = new_order(Ready);
    orders.put(open.clone());
    orders.start();
    let drafted = deliveries(&client, 1).await;
    assert_eq!(drafted[0]["commandeId"], json!(open.id));
}
