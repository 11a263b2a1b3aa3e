//! The gateway's own answers.

use std::net::SocketAddr;

use actix_web::http::Method;
use service_kit::testing::assert_same_shape;
use shared_types::golden;

use crate::scripted::{json, raw, unused_address};
use crate::{CONFIG, client, start};

#[actix_web::test]
async fn an_unknown_path_is_a_404_in_json() {
    let problem = client(CONFIG, unused_address())
        .get("/nothing?x=1")
        .await
        .problem(404, "route_not_found");
    assert_eq!(problem.instance, "/nothing");
    assert_eq!(problem.service, None);
}

#[actix_web::test]
async fn another_method_is_a_405_that_names_the_allowed_ones() {
    let answer = client(CONFIG, unused_address()).delete("/things").await;
    let _ = answer.problem(405, "method_not_allowed");
    assert_eq!(answer.header("allow"), Some("GET, POST, HEAD, OPTIONS"));
}

#[actix_web::test]
async fn options_tells_the_allowed_methods() {
    let request = client(CONFIG, unused_address()).request(Method::OPTIONS, "/things/1");
    let answer = request.send().await;
    assert_eq!(answer.status, 204);
    assert_eq!(answer.header("allow"), Some("GET, DELETE, HEAD, OPTIONS"));
}

/// Written by hand: a client library would resolve dots and escape.
async fn get(gateway: SocketAddr, path: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n");
    raw(gateway, request.as_bytes(), "requestId").await
}

#[actix_web::test]
async fn an_unfit_parameter_is_a_400_and_reaches_no_upstream() {
    let (backend, seen) = json("200 OK", "{}").await;
    let gateway = start(CONFIG, backend);
    for id in [
        ".",
        "..",
        "%2e%2e",
        ".%2E",
        "..;x",
        "%2e;",
        ";x",
        "..%3b",
        "a%2Fb",
        "a\\b",
        "a%5cb",
        "%00",
        "%0d%0a",
        "%7f",
        "%ff",
        "%c0%ae%c0%ae",
        "%c0%af",
        "%zz",
        "%2",
        "%",
    ] {
        let answer = get(gateway, &format!("/things/{id}")).await;
        assert!(answer.starts_with("HTTP/1.1 400"), "{id}: {answer}");
        assert!(answer.contains("bad_request"), "{id}: {answer}");
    }
    assert!(seen.requests().is_empty(), "{:?}", seen.requests());
}

#[actix_web::test]
async fn a_path_that_does_not_match_exactly_is_a_404() {
    let (backend, seen) = json("200 OK", "{}").await;
    let gateway = start(CONFIG, backend);
    for path in [
        "//things",
        "/things/",
        "/%74hings",
        "/things%2f1",
        "/things;x",
        "/things/1/",
        "/things//",
        "/./things",
        "/things/1/2",
        "/Things",
    ] {
        let answer = get(gateway, path).await;
        assert!(answer.starts_with("HTTP/1.1 404"), "{path}: {answer}");
    }
    assert!(seen.requests().is_empty(), "{:?}", seen.requests());
}

#[actix_web::test]
async fn the_front_page_greets_and_links() {
    let welcome = client(CONFIG, unused_address()).get("/").await.ok(200);
    assert_same_shape(&welcome, golden::WELCOME);
    assert_eq!(welcome["message"], "Bienvenue sur l'API Gateway");
}

#[actix_web::test]
async fn the_gateway_is_live_and_ready_without_any_upstream() {
    let gateway = client(CONFIG, unused_address());
    assert_same_shape(&gateway.get("/live").await.ok(200), golden::HEALTH);
    assert_eq!(gateway.get("/ready").await.ok(200)["status"], "ready");
}

#[actix_web::test]
async fn the_gateways_own_answers_are_data_that_no_browser_runs_or_keeps() {
    let gateway = client(CONFIG, unused_address());
    for path in ["/", "/live", "/ready", "/nowhere"] {
        let answer = gateway.get(path).await;
        for (name, value) in [
            ("cache-control", "no-store"),
            (
                "content-security-policy",
                "default-src 'none'; frame-ancestors 'none'",
            ),
            ("referrer-policy", "no-referrer"),
            ("x-content-type-options", "nosniff"),
        ] {
            assert_eq!(answer.header(name), Some(value), "{path} {name}");
        }
    }
}
