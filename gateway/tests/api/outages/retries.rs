//! Retries: only of requests that may be repeated, and never beyond the budget.

use actix_web::http::Method;

use super::{Mood, Site, site};

const BREAKER: &str = "breaker = { failures = 1000000, minimum = 1000000 }";

/// A site where five requests have paid for one retry.
async fn with_a_retry_saved(retries: u8) -> Site {
    let site = Site::open(&site(&format!("retries = {retries}\n{BREAKER}"))).await;
    for _ in 0..5 {
        let _ = site.public.get("/things").await.ok(200);
    }
    site
}

/// How often the upstream was asked for this request, which fails with `status`.
async fn tries(
    site: &Site,
    (method, path): (Method, &str),
    fields: &[(&str, &str)],
    body: &str,
    status: u16,
) -> usize {
    let before = site.backend.asked();
    let mut request = site.public.request(method, path);
    for (name, value) in fields {
        request = request.header(name, value);
    }
    let answer = request.send_body(body.to_owned().into()).await;
    assert_eq!(answer.status, status);
    site.backend.asked() - before
}

const THINGS: &str = "/things";
const KEY: [(&str, &str); 1] = [("idempotency-key", "k1")];

#[actix_web::test]
async fn a_safe_request_is_sent_again_if_the_upstream_is_unavailable() {
    let site = with_a_retry_saved(1).await;
    site.backend.says("503 Service Unavailable", "");
    let get = || (Method::GET, THINGS);
    assert_eq!(tries(&site, get(), &[], "", 503).await, 2);
    // The budget is spent.
    assert_eq!(tries(&site, get(), &[], "", 503).await, 1);
}

#[actix_web::test]
async fn a_request_with_a_key_is_repeated_only_if_the_row_honours_keys() {
    let site = with_a_retry_saved(1).await;
    for (mood, status) in [
        (
            Mood::Says("503 Service Unavailable".to_owned(), String::new()),
            503,
        ),
        (Mood::HangsUp, 502),
    ] {
        site.backend.feels(mood);
        let things = || (Method::POST, THINGS);
        let dishes = || (Method::POST, "/dishes");
        assert_eq!(tries(&site, things(), &[], "{}", status).await, 1);
        assert_eq!(tries(&site, things(), &KEY, "{}", status).await, 1);
        assert_eq!(tries(&site, dishes(), &[], "{}", status).await, 1);
        assert_eq!(tries(&site, dishes(), &KEY, "{\"a\":1}", status).await, 2);
        let last = site.backend.last();
        assert!(last.contains("idempotency-key: k1"), "{last}");
        assert!(last.contains("content-length: 7"), "{last}");
        // These and two more requests pay for the next retry.
        for _ in 0..2 {
            let _ = tries(&site, things(), &[], "", status).await;
        }
    }
}

#[actix_web::test]
async fn an_empty_key_does_not_count() {
    let site = with_a_retry_saved(1).await;
    site.backend.feels(Mood::HangsUp);
    let dishes = || (Method::POST, "/dishes");
    for fields in [
        &[("idempotency-key", "")][..],
        &[("idempotency-key", " ")],
        &[("idempotency-key", "a"), ("idempotency-key", "b")],
    ] {
        assert_eq!(
            tries(&site, dishes(), fields, "{}", 502).await,
            1,
            "{fields:?}"
        );
    }
    // A retry was available.
    assert_eq!(tries(&site, dishes(), &KEY, "{}", 502).await, 2);
}

#[actix_web::test]
async fn a_delete_or_put_that_may_have_been_carried_out_is_not_repeated() {
    let site = with_a_retry_saved(1).await;
    site.backend.feels(Mood::HangsUp);
    for method in [Method::DELETE, Method::PUT] {
        let of = || (method.clone(), "/things/1");
        assert_eq!(tries(&site, of(), &[], "", 502).await, 1, "{method}");
        assert_eq!(tries(&site, of(), &KEY, "", 502).await, 1, "{method}");
    }
    let dishes = (Method::DELETE, "/dishes");
    assert_eq!(tries(&site, dishes, &KEY, "", 502).await, 2);
}

#[actix_web::test]
async fn a_request_of_which_nothing_was_sent_is_sent_again_whatever_its_method() {
    for (method, path) in [
        (Method::GET, THINGS),
        (Method::POST, THINGS),
        (Method::DELETE, "/things/1"),
        (Method::PUT, "/things/1"),
    ] {
        let site = Site::before_nobody(&site(&format!("retries = 1\n{BREAKER}"))).await;
        for requests in 1..=5 {
            let _ = tries(&site, (method.clone(), path), &[], "", 502).await;
            let metrics = site.operator.get("/metrics").await;
            // Five requests have paid for one retry.
            let retries = format!(
                "gateway_upstream_retries_total{{upstream=\"backend\"}} {}",
                requests / 5
            );
            assert!(
                metrics.text().contains(&retries),
                "{method} {}",
                metrics.text()
            );
        }
    }
}

#[actix_web::test]
async fn an_upstream_that_sends_retry_after_gets_no_retry() {
    let site = with_a_retry_saved(1).await;
    site.backend
        .says("503 Service Unavailable\r\nretry-after: 9", "");
    let answer = site.public.get("/things").await;
    assert_eq!(answer.header("retry-after"), Some("9"));
    assert_eq!(site.backend.asked(), 6);
}

#[actix_web::test]
async fn no_retry_is_made_unless_configured() {
    let site = with_a_retry_saved(0).await;
    site.backend.says("503 Service Unavailable", "");
    assert_eq!(tries(&site, (Method::GET, THINGS), &[], "", 503).await, 1);
}

#[actix_web::test]
async fn in_an_outage_the_upstream_gets_at_most_a_fifth_more_requests() {
    let site = Site::open(&site(&format!("retries = 3\n{BREAKER}"))).await;
    site.backend.says("503 Service Unavailable", "");
    for _ in 0..100 {
        let _ = site.public.get("/things").await;
    }
    assert_eq!(site.backend.asked(), 120);
}
