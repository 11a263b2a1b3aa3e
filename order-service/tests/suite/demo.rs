//! Tests of the older demo orders.

use serde_json::{Value, json};
use service_kit::testing::assert_same_shape;
use shared_types::golden;

use super::{Service, each};

#[actix_web::test]
async fn the_sample_is_there_and_new_ones_follow_it() {
    let service = Service::start(true).await;
    let rows = service.get("/demo/orders").await.ok(200);
    let sample: Value = serde_json::from_str(golden::DEMO_ORDER_ROW).unwrap();
    assert_eq!(rows, json!([sample]));

    let order = service.post("/demo/orders", golden::NEW_DEMO_ORDER).await;
    let expected: Value = serde_json::from_str(golden::DEMO_ORDER).unwrap();
    assert_eq!(order.ok(200), expected);
    let second = json!({"client_id": 7, "items": ["Soupe"]});
    let second = service.post("/demo/orders", second).await.ok(200);
    assert_same_shape(&second, golden::DEMO_ORDER);

    let rows = service.get("/demo/orders").await.ok(200);
    let ids = each(&rows, "order_id");
    assert_eq!(ids, ["CMD1234", "CMD1235", "CMD1236"]);
}

#[actix_web::test]
async fn without_samples_the_first_id_is_the_same() {
    let service = Service::start(false).await;
    assert_eq!(service.get("/demo/orders").await.ok(200), json!([]));
    let order = service.post("/demo/orders", golden::NEW_DEMO_ORDER).await;
    assert_eq!(order.ok(200)["order_id"], "CMD1235");
}

#[actix_web::test]
async fn a_demo_order_has_one_to_fifty_dishes() {
    let service = Service::start(true).await;
    for count in [0, 51] {
        let body = json!({"client_id": "42", "items": vec!["Pizza"; count]});
        let answer = service.post("/demo/orders", body).await;
        let problem = answer.problem(400, "validation_failed");
        assert_eq!(problem.errors[0].field, "items");
    }
    let body = json!({"client_id": "42", "items": vec!["Pizza"; 50]});
    let _ = service.post("/demo/orders", body).await.ok(200);
}

#[actix_web::test]
async fn a_demo_order_is_no_real_order() {
    let service = Service::start(true).await;
    let order = service.post("/demo/orders", golden::NEW_DEMO_ORDER).await;
    let _ = order.ok(200);
    assert_eq!(service.get("/commandes").await.ok(200), json!([]));
}
