//! Tests of the statuses of a delivery.

use serde_json::json;
use service_kit::testing::assert_same_shape;
use shared_types::golden;

use crate::{delivery, path_of, unassigned};

#[actix_web::test]
async fn a_delivery_walks_through_its_statuses() {
    let client = delivery(false).await;
    let path = unassigned(&client, "CMD7").await;
    for status in [
        "EN_ROUTE_RESTAURANT",
        "RECUPEREE",
        "EN_ROUTE_CLIENT",
        "LIVREE",
    ] {
        let change = json!({"statut": status});
        let changed = client.patch(&path, change.clone()).await.ok(200);
        assert_eq!(changed["statut"], status);
        // The same status again: nothing changes.
        assert_eq!(client.patch(&path, change).await.ok(200), changed);
        assert_eq!(client.get(&path).await.ok(200), changed);
    }
}

#[actix_web::test]
async fn a_skipped_step_is_a_409_that_says_which() {
    let client = delivery(false).await;
    let path = unassigned(&client, "CMD7").await;
    let before = client.get(&path).await.ok(200);
    let change = json!({"statut": "LIVREE", "commentaires": "Fait"});
    let answer = client.patch(&path, change).await;
    let problem = answer.problem(409, "impossible_transition");
    for status in ["EN_ATTENTE", "LIVREE"] {
        assert!(problem.detail.contains(status), "{}", problem.detail);
    }
    assert_eq!(client.get(&path).await.ok(200), before);
}

#[actix_web::test]
async fn a_delivered_order_cannot_be_cancelled() {
    let client = delivery(false).await;
    let path = unassigned(&client, "CMD7").await;
    let mark = json!({"order_id": "CMD7"});
    let _ = client.post("/update", mark).await.ok(200);
    let _ = client
        .patch(&path, json!({"statut": "ANNULEE"}))
        .await
        .problem(409, "impossible_transition");
}

#[actix_web::test]
async fn the_golden_change_is_accepted() {
    let client = delivery(false).await;
    let made = client.post("/livraisons", golden::NEW_DELIVERY).await;
    let path = path_of(&made.ok(201));
    let changed = client.patch(&path, golden::DELIVERY_CHANGE).await.ok(200);
    assert_same_shape(&changed, golden::DELIVERY);
    assert_eq!(changed["statut"], "EN_ROUTE_RESTAURANT");
    assert_eq!(changed["commentaires"], "Sonner deux fois");
}

#[actix_web::test]
async fn a_change_leaves_what_it_does_not_name() {
    let client = delivery(false).await;
    let made = client.post("/livraisons", golden::NEW_DELIVERY).await;
    let made = made.ok(201);
    let path = path_of(&made);
    for nothing in [json!({}), json!({"statut": null, "commentaires": ""})] {
        assert_eq!(client.patch(&path, nothing).await.ok(200), made);
    }
}
