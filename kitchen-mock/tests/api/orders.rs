//! Tests of reading and marking the tickets.

use actix_web::http::Method;
use serde_json::json;
use service_kit::testing::assert_same_shape;
use shared_types::golden;

use crate::kitchen;

#[actix_web::test]
async fn the_sample_orders_are_in_the_kitchen() {
    let orders = kitchen(true).await.get("/orders").await.ok(200);
    assert_same_shape(&orders[0], golden::TICKET);
    let ids: Vec<_> = orders
        .as_array()
        .unwrap()
        .iter()
        .map(|order| &order["order_id"])
        .collect();
    assert!(ids.contains(&&json!("CMD1234")), "{ids:?}");
}

#[actix_web::test]
async fn without_samples_the_kitchen_is_empty() {
    assert_eq!(kitchen(false).await.get("/orders").await.ok(200), json!([]));
}

#[actix_web::test]
async fn a_mark_without_a_status_makes_the_order_ready() {
    let kitchen = kitchen(true).await;
    let marked = kitchen
        .post("/update", json!({"orderId": "CMD1234"}))
        .await
        .ok(200);
    assert_same_shape(&marked, golden::KITCHEN_MARKED);
    assert_eq!(marked, json!({"order_id": "CMD1234", "status": "PRETE"}));
    let left = kitchen.get("/orders").await.ok(200).to_string();
    assert!(!left.contains("CMD1234"), "{left}");
}

#[actix_web::test]
async fn a_status_is_taken_in_french_too() {
    let kitchen = kitchen(true).await;
    let mark = json!({"order_id": "CMD1235", "status": "en préparation"});
    assert_eq!(
        kitchen.post("/update", mark).await.ok(200)["status"],
        "EN_PREPARATION"
    );
}

#[actix_web::test]
async fn the_golden_mark_is_accepted() {
    let _ = kitchen(true)
        .await
        .post("/update", golden::KITCHEN_MARK)
        .await
        .ok(200);
}

#[actix_web::test]
async fn an_order_the_kitchen_does_not_have_is_a_404() {
    let answer = kitchen(true)
        .await
        .post("/update", json!({"order_id": "CMD9999"}))
        .await;
    let _ = answer.problem(404, "order_not_found");
}

#[actix_web::test]
async fn an_impossible_move_is_a_409_and_changes_nothing() {
    let kitchen = kitchen(true).await;
    let before = kitchen.get("/orders").await.ok(200);
    let mark = json!({"order_id": "CMD1234", "status": "LIVREE"});
    let _ = kitchen
        .post("/update", mark)
        .await
        .problem(409, "impossible_transition");
    assert_eq!(kitchen.get("/orders").await.ok(200), before);
}

#[actix_web::test]
async fn head_answers_the_head_of_get_without_a_body() {
    let kitchen = kitchen(true).await;
    let whole = kitchen.get("/orders").await;
    let head = kitchen.request(Method::HEAD, "/orders").send().await;
    assert_eq!((head.status.as_u16(), head.body.len()), (200, 0));
    assert_eq!(
        head.header("content-length"),
        whole.header("content-length")
    );
    let _ = kitchen.get("/orders").await.ok(200);
}
