//! Tests of invalid requests. The kitchen's tests cover the reading of bodies in full.

use actix_web::http::Method;
use serde_json::json;

use super::service;

const TAKES_A_BODY: [&str; 5] = [
    "/clients",
    "/auth/login",
    "/demo/login",
    "/password-reset",
    "/password-reset/confirm",
];

#[actix_web::test]
async fn a_missing_or_malformed_body_is_a_400() {
    let service = service().await;
    for path in TAKES_A_BODY {
        let empty = service.http.request(Method::POST, path).send().await;
        let _ = empty.problem(400, "bad_request");
        let broken = service.http.post(path, "{\"email\": ").await;
        let _ = broken.problem(400, "bad_request");
    }
}

#[actix_web::test]
async fn a_body_of_wrong_types_is_a_400() {
    let service = service().await;
    for path in TAKES_A_BODY {
        for body in [
            json!([]),
            json!({"email": 1, "password": [], "firstName": {}, "username": true}),
        ] {
            let answer = service.http.post(path, body).await;
            let _ = answer.problem(400, "validation_failed");
        }
    }
}

#[actix_web::test]
async fn ten_megabytes_are_a_413() {
    let service = service().await;
    let body = format!("{{\"email\": \"{}\"}}", "x".repeat(10_000_000));
    for path in TAKES_A_BODY {
        let answer = service.http.post(path, body.as_str()).await;
        let _ = answer.problem(413, "payload_too_large");
    }
}

#[actix_web::test]
async fn a_wrong_method_is_a_405_and_an_unknown_path_a_404() {
    let service = service().await;
    for path in ["/clients", "/auth/sessions", "/auth/login", "/demo/login"] {
        let answer = service.http.delete(path).await;
        let _ = answer.problem(405, "method_not_allowed");
    }
    let _ = service
        .http
        .get("/auth")
        .await
        .problem(404, "route_not_found");
}

#[actix_web::test]
async fn it_is_live_and_ready() {
    let service = service().await;
    let _ = service.http.get("/live").await.ok(200);
    let _ = service.http.get("/ready").await.ok(200);
}
