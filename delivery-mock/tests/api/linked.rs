//! Tests that the order service receives the couriers' changes that affect an order.

use std::fs;

use order_feed::testing::{Behaviour, FakeOrderService, new_order, waiting_reports};
use serde_json::json;
use service_kit::env::Env;
use service_kit::testing::{Client, eventually};
use shared_types::order::Order;
use shared_types::order::OrderStatus::{Cancelled, Delivered, Delivering, Pending, Ready};
use shared_types::problem::Code;

use crate::{courier, linked, path_of, start, tell};

/// The path of an order's draft, after the event of the order.
pub(crate) async fn draft(client: &Client, order: &Order) -> String {
    tell(client, order, order.status).await;
    let drafts = client.get("/livraisons").await.ok(200);
    let mut drafts = drafts.as_array().unwrap().iter();
    path_of(
        drafts
            .find(|it| it["commandeId"] == json!(order.id))
            .unwrap(),
    )
}

pub(crate) async fn step(client: &Client, draft: &str, status: &str) {
    let change = json!({"statut": status});
    let _ = client.patch(draft, change).await.ok(200);
}

pub(crate) async fn hand_over(client: &Client, order: &Order) {
    let mark = json!({"order_id": order.id});
    let _ = client.post("/update", mark).await.ok(200);
}

/// Hands over another order and waits until no report is left, so that all earlier reports have
/// arrived too.
pub(crate) async fn everything_is_told(client: &Client, orders: &FakeOrderService) {
    let last = new_order(Ready);
    orders.put(last.clone());
    let _ = draft(client, &last).await;
    hand_over(client, &last).await;
    orders.until(&last, Delivered).await;
    eventually("an empty outbox", async || {
        (waiting_reports(client).await == 0).then_some(())
    })
    .await;
}

#[actix_web::test]
async fn an_order_is_on_its_way_once_a_courier_has_picked_it_up() {
    let folder = tempfile::tempdir().unwrap();
    let order = new_order(Ready);
    let orders = FakeOrderService::serving([order.clone()]);
    let client = linked(&orders, folder.path()).await;
    let draft = draft(&client, &order).await;
    step(&client, &draft, "EN_ROUTE_RESTAURANT").await;
    everything_is_told(&client, &orders).await;
    assert_eq!(orders.changes_to(&order), []);

    step(&client, &draft, "RECUPEREE").await;
    orders.until(&order, Delivering).await;
    assert_eq!(orders.changes_to(&order), [Delivering]);
}

#[actix_web::test]
async fn an_order_is_delivered_once_a_courier_has_taken_the_last_step() {
    let folder = tempfile::tempdir().unwrap();
    let order = new_order(Delivering);
    let orders = FakeOrderService::serving([order.clone()]);
    let client = linked(&orders, folder.path()).await;
    let draft = draft(&client, &order).await;
    step(&client, &draft, "EN_ROUTE_CLIENT").await;
    step(&client, &draft, "LIVREE").await;
    orders.until(&order, Delivered).await;
    assert_eq!(orders.changes_to(&order).last(), Some(&Delivered));
}

#[actix_web::test]
async fn an_order_is_delivered_once_it_was_marked_so() {
    let folder = tempfile::tempdir().unwrap();
    let order = new_order(Ready);
    let orders = FakeOrderService::serving([order.clone()]);
    let client = linked(&orders, folder.path()).await;
    let _ = draft(&client, &order).await;
    hand_over(&client, &order).await;
    orders.until(&order, Delivered).await;
    assert_eq!(orders.changes_to(&order), [Delivered]);
}

#[actix_web::test]
async fn a_change_that_does_not_affect_the_order_is_not_reported() {
    let folder = tempfile::tempdir().unwrap();
    let known = [(); 4].map(|()| new_order(Ready));
    let [cancelled, marked, assigned, taken] = &known;
    let orders = FakeOrderService::serving(known.clone());
    let client = linked(&orders, folder.path()).await;
    let lea = courier(&client, "lea").await;

    step(&client, &draft(&client, cancelled).await, "ANNULEE").await;
    let _ = draft(&client, marked).await;
    let mark = json!({"order_id": marked.id, "status": "ANNULEE"});
    let _ = client.post("/update", mark).await.ok(200);

    let assign = format!("{}/assigner", draft(&client, assigned).await);
    let choice = json!({"livreurId": lea});
    let _ = client.post(&assign, choice.clone()).await.ok(200);
    let _ = draft(&client, taken).await;
    let opened = client.post("/livraisons", json!({"commandeId": taken.id}));
    let opened = path_of(&opened.await.ok(201));
    let _ = client.patch(&opened, choice).await.ok(200);

    everything_is_told(&client, &orders).await;
    assert_eq!(orders.changes().len(), 1, "{:?}", orders.changes());
}

#[actix_web::test]
async fn the_courier_and_the_comment_are_not_reported() {
    let folder = tempfile::tempdir().unwrap();
    let order = new_order(Delivering);
    let orders = FakeOrderService::serving([order.clone()]);
    let client = linked(&orders, folder.path()).await;
    let draft = draft(&client, &order).await;
    let camille = client.get(&draft).await.ok(200)["livreurId"].clone();
    for change in [
        json!({"livreurId": camille}),
        json!({"commentaires": "Code 42B"}),
    ] {
        let _ = client.patch(&draft, change).await.ok(200);
    }
    everything_is_told(&client, &orders).await;
    assert_eq!(orders.changes_to(&order), []);
}

#[actix_web::test]
async fn an_order_that_the_order_service_cancelled_is_not_reported_back() {
    let folder = tempfile::tempdir().unwrap();
    let order = new_order(Ready);
    let orders = FakeOrderService::serving([order.clone()]);
    let client = linked(&orders, folder.path()).await;
    let _ = draft(&client, &order).await;
    for status in [Delivering, Cancelled] {
        tell(&client, &order, status).await;
    }
    everything_is_told(&client, &orders).await;
    assert_eq!(orders.changes_to(&order), []);
}

#[actix_web::test]
async fn a_sample_concerns_nobody_else() {
    let folder = tempfile::tempdir().unwrap();
    let orders = FakeOrderService::serving([]);
    let client = linked(&orders, folder.path()).await;
    let sample = json!({"order_id": "CMD1234"});
    let _ = client.post("/update", sample).await.ok(200);
    everything_is_told(&client, &orders).await;
    assert_eq!(orders.changes().len(), 1, "{:?}", orders.changes());
}

#[actix_web::test]
async fn delivery_by_itself_keeps_no_file_and_has_no_metrics() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("delivery.db");
    let env = [
        ("DELIVERY_MOCK_BIND", "127.0.0.1:0"),
        ("DATABASE_URL", &format!("sqlite://{}", file.display())),
    ];
    let client = start(Env::of_pairs(env)).await;
    let order = new_order(Ready);
    let _ = draft(&client, &order).await;
    hand_over(&client, &order).await;
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    let answer = client.get("/metrics").await;
    let _ = answer.problem(404, "route_not_found");
}

#[actix_web::test]
async fn a_mark_that_comes_before_the_kitchens_is_made_again_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let order = new_order(Pending);
    let orders = FakeOrderService::serving([order.clone()]);
    let client = linked(&orders, folder.path()).await;
    let new = json!({"commandeId": order.id});
    let _ = client.post("/livraisons", new).await.ok(201);
    orders.behave(Behaviour::RefuseChanges(Code::ImpossibleTransition));
    hand_over(&client, &order).await;
    eventually("the refusal", async || {
        (waiting_reports(&client).await == 0).then_some(())
    })
    .await;
    assert_eq!(orders.changes_to(&order), [Delivered]);

    orders.behave(Behaviour::Answer);
    tell(&client, &order, Ready).await;
    orders.until(&order, Delivered).await;
    assert_eq!(orders.changes_to(&order), [Delivered, Delivered]);
}

#[actix_web::test]
async fn an_order_whose_courier_gave_up_on_the_way_is_delivered_by_another() {
    let folder = tempfile::tempdir().unwrap();
    let order = new_order(Ready);
    let orders = FakeOrderService::serving([order.clone()]);
    let client = linked(&orders, folder.path()).await;
    let given_up = draft(&client, &order).await;
    for status in ["EN_ROUTE_RESTAURANT", "RECUPEREE"] {
        step(&client, &given_up, status).await;
    }
    orders.until(&order, Delivering).await;
    tell(&client, &order, Delivering).await;
    step(&client, &given_up, "ANNULEE").await;

    let max = courier(&client, "max").await;
    let new = json!({"commandeId": order.id, "livreurId": max});
    let carried = path_of(&client.post("/livraisons", new).await.ok(201));
    // A repeated event does not touch the delivery that was cancelled.
    tell(&client, &order, Delivering).await;
    assert_eq!(client.get(&carried).await.ok(200)["statut"], "RECUPEREE");
    step(&client, &carried, "EN_ROUTE_CLIENT").await;
    step(&client, &carried, "LIVREE").await;
    orders.until(&order, Delivered).await;
    assert_eq!(client.get(&given_up).await.ok(200)["statut"], "ANNULEE");
}

/// Delivery has forgotten that the order was cancelled, and the order service has not.
#[actix_web::test]
async fn a_delivery_of_an_order_that_has_ended_is_undone_once_that_is_known() {
    let folder = tempfile::tempdir().unwrap();
    let cancelled = new_order(Cancelled);
    let orders = FakeOrderService::serving([cancelled.clone()]);
    let client = linked(&orders, folder.path()).await;
    let max = courier(&client, "max").await;
    let new = json!({"commandeId": cancelled.id, "livreurId": max});
    let path = path_of(&client.post("/livraisons", new).await.ok(201));
    for status in ["EN_ROUTE_RESTAURANT", "RECUPEREE"] {
        step(&client, &path, status).await;
    }
    eventually("the delivery to be cancelled", async || {
        let delivery = client.get(&path).await.ok(200);
        (delivery["statut"] == "ANNULEE").then_some(())
    })
    .await;
    let again = json!({"commandeId": cancelled.id});
    let answer = client.post("/livraisons", again).await;
    let _ = answer.problem(409, "impossible_transition");
}
