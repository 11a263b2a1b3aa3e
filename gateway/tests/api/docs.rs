//! The OpenAPI document and its page.

use serde_json::Value;

use crate::scripted::unused_address;
use crate::{CONFIG, client, start_with};
use service_kit::testing::Client;

#[actix_web::test]
async fn the_document_describes_the_configured_routes() {
    let answer = client(CONFIG, unused_address()).get("/openapi.json").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let document: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    assert!(document["paths"]["/things/{id}"]["delete"].is_object());
    assert!(document["paths"].get("/order-api/menu").is_none());
}

#[actix_web::test]
async fn the_page_and_all_that_it_loads_are_the_gateways_own() {
    let client = client(CONFIG, unused_address());
    let page = client.get("/docs").await;
    assert_eq!(page.status, 200);
    let policy = page.header("content-security-policy").unwrap();
    assert!(
        policy.starts_with("default-src 'none'; script-src 'self'; "),
        "{policy}"
    );
    let html = String::from_utf8(page.body.to_vec()).unwrap();
    let loaded = html.split('"').filter(|text| text.starts_with("docs/"));
    let loaded: Vec<_> = loaded.map(|path| format!("/{path}")).collect();
    assert_eq!(loaded.len(), 4);
    for path in loaded {
        let file = client.get(&path).await;
        assert_eq!(file.status, 200, "{path}");
        assert!(!file.body.is_empty(), "{path}");
        assert_eq!(file.header("x-content-type-options"), Some("nosniff"));
    }
    assert!(!html.contains("://"), "{html}");
    let _ = client
        .get("/docs/other.js")
        .await
        .problem(404, "route_not_found");
}

#[actix_web::test]
async fn both_can_be_turned_off() {
    let off = start_with(CONFIG, unused_address(), [("GATEWAY_DOCS", "off")]);
    for path in ["/openapi.json", "/docs", "/docs/start.js"] {
        let answer = Client::of(off).get(path).await;
        let _ = answer.problem(404, "route_not_found");
    }
}
