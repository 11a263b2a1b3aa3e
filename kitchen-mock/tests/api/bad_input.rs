//! Tests that every invalid request gets a clear problem. All services read bodies alike, so these
//! tests cover it in full.

use actix_web::http::Method;
use actix_web::web::Bytes;
use serde_json::json;

use crate::kitchen;

#[actix_web::test]
async fn a_missing_body_is_a_400() {
    let answer = kitchen(true)
        .await
        .request(Method::POST, "/update")
        .send()
        .await;
    let _ = answer.problem(400, "bad_request");
}

#[actix_web::test]
async fn malformed_json_is_a_400_that_says_where() {
    let answer = kitchen(true)
        .await
        .post("/update", "{\"order_id\": \n oops}")
        .await;
    let problem = answer.problem(400, "bad_request");
    assert!(problem.detail.contains("ligne 2"), "{}", problem.detail);
}

#[actix_web::test]
async fn a_body_that_is_not_announced_as_json_is_a_415() {
    let request = kitchen(true).await.request(Method::POST, "/update");
    let answer = request
        .send_body(Bytes::from_static(b"order_id=CMD1234"))
        .await;
    let _ = answer.problem(415, "unsupported_media_type");
}

#[actix_web::test]
async fn ten_megabytes_are_a_413() {
    let body = format!("{{\"order_id\": \"{}\"}}", "x".repeat(10_000_000));
    let answer = kitchen(true).await.post("/update", body.as_str()).await;
    let _ = answer.problem(413, "payload_too_large");
}

#[actix_web::test]
async fn a_bad_field_is_named_in_the_clients_language() {
    let request = kitchen(true).await.request(Method::POST, "/update");
    let answer = request
        .header("Accept-Language", "en-GB, fr;q=0.5")
        .send_json(json!({"order_id": 7, "status": "lost"}))
        .await;
    assert_eq!(answer.header("content-language"), Some("en"));
    let problem = answer.problem(400, "validation_failed");
    assert_eq!(problem.title, "Invalid data");
    let fields: Vec<_> = problem
        .errors
        .iter()
        .map(|error| error.field.as_str())
        .collect();
    assert_eq!(fields, ["order_id", "status"]);
}

#[actix_web::test]
async fn a_body_that_is_no_object_is_a_400() {
    for body in ["[]", "null", "7", "\"CMD1234\""] {
        let answer = kitchen(true).await.post("/update", body).await;
        let _ = answer.problem(400, "validation_failed");
    }
}

#[actix_web::test]
async fn an_unknown_path_and_a_wrong_method_are_problems_too() {
    let kitchen = kitchen(true).await;
    let _ = kitchen
        .get("/nothing")
        .await
        .problem(404, "route_not_found");
    let answer = kitchen.delete("/orders").await;
    let _ = answer.problem(405, "method_not_allowed");
    assert_eq!(answer.header("allow"), Some("GET, HEAD"));
}

#[actix_web::test]
async fn a_problem_names_the_path_the_frontend_asked_for() {
    let request = kitchen(true).await.request(Method::GET, "/nothing");
    let answer = request
        .header("X-Forwarded-Uri", "/kitchen/nothing")
        .send()
        .await;
    assert_eq!(
        answer.problem(404, "route_not_found").instance,
        "/kitchen/nothing"
    );
}

#[actix_web::test]
async fn a_request_id_is_taken_over() {
    let request = kitchen(true).await.request(Method::GET, "/orders");
    let answer = request.header("X-Request-Id", "order-42").send().await;
    assert_eq!(answer.header("x-request-id"), Some("order-42"));
}

#[actix_web::test]
async fn it_is_live_and_ready() {
    let kitchen = kitchen(false).await;
    let _ = kitchen.get("/live").await.ok(200);
    let _ = kitchen.get("/ready").await.ok(200);
}

#[actix_web::test]
async fn a_language_of_quality_zero_is_not_wanted() {
    let request = kitchen(false).await.request(Method::GET, "/nothing");
    let answer = request.header("Accept-Language", "en;q=0").send().await;
    assert_eq!(answer.header("content-language"), Some("fr"));
    assert_eq!(answer.header("vary"), Some("accept-language"));
}
