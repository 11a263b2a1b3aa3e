//! A second try where nobody was there: only of what may be repeated, and never beyond the budget.

use actix_web::http::Method;

use super::{Site, site};

const BREAKER: &str = "breaker = { failures = 1000000, minimum = 1000000 }";

/// Where five requests have paid for one retry.
async fn with_a_retry_saved(retries: u8) -> Site {
    let site = Site::open(&site(&format!("retries = {retries}\n{BREAKER}"))).await;
    for _ in 0..5 {
        let _ = site.public.get("/things").await.ok(200);
    }
    site
}

/// How often the upstream was asked for this request while it is unavailable.
async fn tries(site: &Site, method: Method, fields: &[(&str, &str)], body: &str) -> usize {
    let before = site.backend.asked();
    let mut request = site.public.request(method, "/things");
    for (name, value) in fields {
        request = request.header(name, value);
    }
    let answer = request.send_body(body.to_owned().into()).await;
    assert_eq!(answer.status, 503);
    site.backend.asked() - before
}

#[actix_web::test]
async fn a_request_that_may_be_repeated_is_once_where_the_upstream_is_not_there() {
    let site = with_a_retry_saved(1).await;
    site.backend.says("503 Service Unavailable", "");
    assert_eq!(tries(&site, Method::GET, &[], "").await, 2);
    // The budget is spent.
    assert_eq!(tries(&site, Method::GET, &[], "").await, 1);
}

#[actix_web::test]
async fn a_request_that_may_not_be_repeated_is_not_unless_it_has_a_key() {
    let site = with_a_retry_saved(1).await;
    site.backend.says("503 Service Unavailable", "");
    assert_eq!(tries(&site, Method::POST, &[], "{}").await, 1);
    let key = [("idempotency-key", "k1")];
    assert_eq!(tries(&site, Method::POST, &key, "{\"a\":1}").await, 2);
    let last = site.backend.last();
    assert!(last.contains("idempotency-key: k1"), "{last}");
    assert!(last.contains("content-length: 7"), "{last}");
}

#[actix_web::test]
async fn an_upstream_that_asks_to_be_left_alone_is() {
    let site = with_a_retry_saved(1).await;
    site.backend
        .says("503 Service Unavailable\r\nretry-after: 9", "");
    let answer = site.public.get("/things").await;
    assert_eq!(answer.header("retry-after"), Some("9"));
    assert_eq!(site.backend.asked(), 6);
}

#[actix_web::test]
async fn no_retry_is_made_where_none_is_configured() {
    let site = with_a_retry_saved(0).await;
    site.backend.says("503 Service Unavailable", "");
    assert_eq!(tries(&site, Method::GET, &[], "").await, 1);
}

#[actix_web::test]
async fn in_an_outage_the_upstream_gets_no_more_than_a_fifth_on_top() {
    let site = Site::open(&site(&format!("retries = 3\n{BREAKER}"))).await;
    site.backend.says("503 Service Unavailable", "");
    for _ in 0..100 {
        let _ = site.public.get("/things").await;
    }
    assert_eq!(site.backend.asked(), 120);
}
