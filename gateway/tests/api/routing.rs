//! What the gateway answers itself.

use actix_web::http::Method;
use service_kit::testing::assert_same_shape;
use shared_types::golden;

use crate::scripted::{json, nobody, raw};
use crate::{CONFIG, client, start};

#[actix_web::test]
async fn an_unknown_path_is_a_404_in_json() {
    let problem = client(CONFIG, nobody())
        .get("/nothing?x=1")
        .await
        .problem(404, "route_not_found");
    assert_eq!(problem.instance, "/nothing");
    assert_eq!(problem.service, None);
}

#[actix_web::test]
async fn another_method_is_a_405_that_names_the_allowed_ones() {
    let answer = client(CONFIG, nobody()).delete("/things").await;
    let _ = answer.problem(405, "method_not_allowed");
    assert_eq!(answer.header("allow"), Some("GET, POST, HEAD, OPTIONS"));
}

#[actix_web::test]
async fn options_tells_the_allowed_methods() {
    let request = client(CONFIG, nobody()).request(Method::OPTIONS, "/things/1");
    let answer = request.send().await;
    assert_eq!(answer.status, 204);
    assert_eq!(answer.header("allow"), Some("GET, DELETE, HEAD, OPTIONS"));
}

#[actix_web::test]
async fn a_dot_segment_reaches_no_upstream() {
    let (backend, seen) = json("200 OK", "{}").await;
    let gateway = start(CONFIG, backend);
    // Written by hand, because a client library would resolve the dots.
    for path in ["/things/..", "/things/.", "/things/%2e%2e", "/things/.%2E"] {
        let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n");
        let answer = raw(gateway, request.as_bytes(), "requestId").await;
        assert!(answer.starts_with("HTTP/1.1 404"), "{path}: {answer}");
    }
    assert!(seen.requests().is_empty(), "{:?}", seen.requests());
}

#[actix_web::test]
async fn the_front_page_greets_and_links() {
    let welcome = client(CONFIG, nobody()).get("/").await.ok(200);
    assert_same_shape(&welcome, golden::WELCOME);
    assert_eq!(welcome["message"], "Bienvenue sur l'API Gateway");
}

#[actix_web::test]
async fn it_is_live_and_ready_with_no_upstream_at_all() {
    let gateway = client(CONFIG, nobody());
    assert_same_shape(&gateway.get("/live").await.ok(200), golden::HEALTH);
    assert_eq!(gateway.get("/ready").await.ok(200)["status"], "ready");
}
