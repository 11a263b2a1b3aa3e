//! The metrics, as Prometheus gets them.

use actix_web::http::Method;
use service_kit::testing::eventually;

use super::{Mood, SITE, Site, site};

async fn text(site: &Site) -> String {
    let answer = site.operator.get("/metrics").await;
    answer.text().to_owned()
}

/// The value of a series, given its name with its labels.
pub(super) async fn value(site: &Site, series: &str) -> Option<f64> {
    let text = text(site).await;
    let mut lines = text.lines();
    let line = lines.find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.map(|value| value.parse().unwrap())
}

pub(super) async fn until(site: &Site, series: &str, expected: f64) {
    eventually(&format!("{series} {expected}"), async || {
        (value(site, series).await == Some(expected)).then_some(())
    })
    .await;
}

#[actix_web::test]
async fn requests_count_by_row_and_class_and_the_times_and_bytes_with_them() {
    let site = Site::open(SITE).await;
    let _ = site.public.get("/things").await.ok(200);
    let _ = site.public.get("/things").await.ok(200);
    site.backend.says("404 Not Found", "no");
    assert_eq!(site.public.get("/things").await.status, 404);
    let of_row = "method=\"GET\",route=\"/things\"";
    for (series, expected) in [
        (
            format!("gateway_requests_total{{{of_row},status=\"2xx\"}}"),
            2.0,
        ),
        (
            format!("gateway_requests_total{{{of_row},status=\"4xx\"}}"),
            1.0,
        ),
        (
            format!("gateway_request_duration_seconds_count{{{of_row}}}"),
            3.0,
        ),
        // Twice `[]` and once `no`.
        (
            format!("gateway_response_body_bytes_total{{{of_row}}}"),
            6.0,
        ),
        (
            "gateway_upstream_requests_total{result=\"2xx\",upstream=\"backend\"}".to_owned(),
            2.0,
        ),
        (
            "gateway_upstream_duration_seconds_count{upstream=\"backend\"}".to_owned(),
            3.0,
        ),
        ("gateway_requests_in_flight".to_owned(), 0.0),
    ] {
        until(&site, &series, expected).await;
    }
    let _ = site.public.post("/things", "{\"a\":1}").await;
    until(
        &site,
        "gateway_request_body_bytes_total{upstream=\"backend\"}",
        7.0,
    )
    .await;
    assert!(value(&site, "process_open_fds").await > Some(0.0));
}

#[actix_web::test]
async fn an_outage_is_counted_by_its_kind() {
    let site = Site::open(&site(
        "retries = 1\nbreaker = { failures = 2, open = \"1m\" }",
    ))
    .await;
    let _ = site.public.get("/menu").await.ok(200);
    site.backend.feels(Mood::HangsUp);
    for _ in 0..3 {
        let _ = site.public.get("/things").await;
    }
    assert_eq!(
        site.public.get("/menu").await.header("x-degraded"),
        Some("stale")
    );
    let of = |name: &str, labels: &str| format!("{name}{{{labels},upstream=\"backend\"}}");
    until(&site, "gateway_degraded_answers_total{kind=\"stale\"}", 1.0).await;
    until(
        &site,
        "gateway_upstream_breaker_changes_total{to=\"open\",upstream=\"backend\"}",
        1.0,
    )
    .await;
    until(
        &site,
        &of("gateway_upstream_breaker_state", "state=\"open\""),
        1.0,
    )
    .await;
    until(
        &site,
        &of("gateway_upstream_breaker_state", "state=\"closed\""),
        0.0,
    )
    .await;
    let refused = of(
        "gateway_upstream_requests_total",
        "result=\"upstream_unavailable\"",
    );
    assert!(value(&site, &refused).await >= Some(1.0), "{refused}");
}

#[actix_web::test]
async fn nothing_that_a_client_sends_makes_a_series() {
    let site = Site::open(SITE).await;
    let series = async || {
        text(&site)
            .await
            .lines()
            .filter(|line| line.starts_with("gateway_"))
            .count()
    };
    let _ = site.public.get("/things").await;
    let before = series().await;
    for number in 0..20 {
        let _ = site.public.get(&format!("/nothing-{number}")).await;
        let method = Method::from_bytes(format!("M{number}").as_bytes()).unwrap();
        let _ = site.public.request(method, "/things").send().await;
    }
    assert_eq!(series().await, before);
    until(
        &site,
        "gateway_requests_total{method=\"-\",route=\"-\",status=\"4xx\"}",
        40.0,
    )
    .await;
}
