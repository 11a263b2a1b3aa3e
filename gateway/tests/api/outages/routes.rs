//! A route that fails while its upstream does not: only this route is shut, and everybody else is
//! served.

use service_kit::testing::eventually;

use super::{Mood, Site, site};

const BREAKER: &str = "breaker = { failures = 3, open = \"1h\" }";
const REFUSES: &str = "503 Service Unavailable\r\nretry-after: 30";

/// With one more route, and with a probe if `probed`.
fn config(probed: bool) -> String {
    let probe = if probed { "\nprobe = \"/ready\"" } else { "" };
    site(&format!("retries = 0\n{BREAKER}{probe}")).replace(
        "backend = [\n",
        "backend = [\n    { path = \"/others\", methods = [\"GET\"], to = \"/others\", outage = \"error\" },\n",
    )
    .replace("\ntimeout = \"10s\"", "\ntimeout = \"500ms\"")
}

async fn open(probed: bool) -> Site {
    let site = Site::open(&config(probed)).await;
    if probed {
        eventually("a probe", async || {
            (site.backend.asked_for("/ready") > 0).then_some(())
        })
        .await;
    }
    site
}

/// The `Retry-After` in seconds.
fn wait(answer: &service_kit::testing::Answer) -> u64 {
    answer.header("retry-after").unwrap().parse().unwrap()
}

#[actix_web::test]
async fn a_route_that_always_answers_503_costs_no_request_of_another() {
    for probed in [false, true] {
        let site = open(probed).await;
        site.backend.says_at("/things", REFUSES, "later");
        for turn in 0..40 {
            let bad = site.public.get("/things").await;
            assert_eq!(bad.status, 503);
            assert!((25..=30).contains(&wait(&bad)), "{turn}");
            let _ = site.public.get("/others").await.ok(200);
        }
        // It was asked three times, and then not for as long as it had said.
        assert_eq!(site.backend.asked_for("/things"), 3, "{probed}");
        assert_eq!(site.backend.asked_for("/others"), 40);
        let refused = site.public.get("/things").await;
        let problem = refused.problem(503, "upstream_unavailable");
        assert_eq!(problem.service.as_deref(), Some("backend"));
        assert_eq!(
            problem.detail,
            "Le service ne peut pas traiter cette demande pour le moment. Réessayez plus tard."
        );
    }
}

#[actix_web::test]
async fn an_upstream_s_own_answer_is_relayed_with_its_retry_after() {
    let site = open(false).await;
    site.backend.says_at("/things", REFUSES, "later");
    let answer = site.public.get("/things").await;
    assert_eq!(&answer.body[..], b"later");
    assert_eq!(answer.header("retry-after"), Some("30"));
}

#[actix_web::test]
async fn a_refused_client_is_told_the_upstreams_time_in_either_form() {
    for (said, seconds) in [
        ("retry-after: 7200", 7200),
        (
            "date: Sun, 06 Nov 1994 08:49:37 GMT\r\nretry-after: Sun, 06 Nov 1994 10:49:37 GMT",
            7200,
        ),
        // Malformed: the breaker's own time counts.
        ("retry-after: soon", 3600),
    ] {
        let site = open(false).await;
        let says = format!("503 Service Unavailable\r\n{said}");
        site.backend.says_at("/things", &says, "later");
        for _ in 0..3 {
            assert_eq!(&site.public.get("/things").await.body[..], b"later");
        }
        let refused = site.public.get("/things").await;
        let _ = refused.problem(503, "upstream_unavailable");
        let wait = wait(&refused);
        assert!((seconds - 10..=seconds).contains(&wait), "{said}: {wait}");
    }
}

#[actix_web::test]
async fn a_silent_route_costs_no_request_of_another_while_the_probe_is_well() {
    let site = open(true).await;
    site.backend.feels_at("/things", Mood::Silent);
    for _ in 0..3 {
        let _ = site
            .public
            .get("/things")
            .await
            .problem(504, "upstream_timeout");
        let _ = site.public.get("/others").await.ok(200);
    }
    let _ = site
        .public
        .get("/things")
        .await
        .problem(503, "upstream_unavailable");
    let _ = site.public.get("/others").await.ok(200);
    assert_eq!(site.backend.asked_for("/things"), 3);
}

#[actix_web::test]
async fn a_busy_service_that_serves_some_requests_is_still_asked() {
    let site = open(false).await;
    let _ = site.public.get("/things").await.ok(200);
    site.backend.says_at("/things", REFUSES, "busy");
    for _ in 0..20 {
        assert_eq!(&site.public.get("/things").await.body[..], b"busy");
    }
    site.backend.says_at("/things", "200 OK", "served");
    assert_eq!(&site.public.get("/things").await.body[..], b"served");
}

#[actix_web::test]
async fn a_stale_row_serves_its_last_good_answer_while_its_own_circuit_is_open() {
    let site = open(true).await;
    let good = site.public.get("/menu").await;
    site.backend.feels_at("/menu", Mood::HangsUp);
    for _ in 0..3 {
        let stale = site.public.get("/menu").await;
        assert_eq!(stale.header("x-degraded"), Some("stale"));
    }
    let asked = site.backend.asked_for("/menu");
    let stale = site.public.get("/menu").await;
    assert_eq!(stale.ok(200), good.ok(200));
    let status = stale.header("cache-status").unwrap();
    assert!(status.contains("detail=upstream_unavailable"), "{status}");
    assert_eq!(site.backend.asked_for("/menu"), asked);
    let _ = site.public.get("/others").await.ok(200);
}

#[actix_web::test]
async fn the_operator_sees_which_route_is_shut_and_which_feature_is_down() {
    let site = open(true).await;
    site.backend.says_at("/things", REFUSES, "later");
    for _ in 0..4 {
        let _ = site.public.get("/things").await;
    }
    let told = site.operator.get("/status").await.ok(200);
    let backend = &told["upstreams"]["backend"];
    assert_eq!(backend["breaker"], "closed");
    let route = &backend["routes"][0];
    assert_eq!(route["method"], "GET");
    assert_eq!(route["path"], "/things");
    assert_eq!(route["breaker"], "open");
    assert!(route["retryAfterSeconds"].as_u64().unwrap() > 20, "{route}");
    assert_eq!(backend["routes"].as_array().unwrap().len(), 1);
    // Only the feature that uses this route is down.
    assert_eq!(told["features"]["things"]["status"], "down");
    assert_eq!(told["features"]["menu"]["status"], "up");
    let metrics = site.operator.get("/metrics").await;
    let labels = "method=\"GET\",route=\"/things\",";
    for line in [
        format!("gateway_route_breaker_open{{{labels}upstream=\"backend\"}} 1"),
        format!(
            "gateway_route_breaker_changes_total{{{labels}to=\"open\",upstream=\"backend\"}} 1"
        ),
        "gateway_route_breaker_open{method=\"GET\",route=\"/menu\",upstream=\"backend\"} 0"
            .to_owned(),
        "gateway_upstream_breaker_changes_total{to=\"open\",upstream=\"backend\"} 0".to_owned(),
    ] {
        assert!(metrics.text().contains(&line), "{line}");
    }
}

#[actix_web::test]
async fn a_route_is_asked_again_after_its_open_time() {
    let site = open(true).await;
    let now = "503 Service Unavailable\r\nretry-after: 0";
    site.backend.says_at("/things", now, "later");
    for _ in 0..3 {
        let _ = site.public.get("/things").await;
    }
    site.backend.says_at("/things", "200 OK", "back");
    let back = eventually("the route", async || {
        let answer = site.public.get("/things").await;
        (answer.status == 200).then_some(answer)
    })
    .await;
    assert_eq!(&back.body[..], b"back");
    let told = site.operator.get("/status").await.ok(200);
    assert!(told["upstreams"]["backend"].get("routes").is_none());
}

#[actix_web::test]
async fn a_part_of_a_tracked_order_that_is_refused_leaves_the_upstream_open() {
    let tracking = "\n[aggregates.suivi]\npath = \"/suivi/{id}\"\n\
        [aggregates.suivi.parts]\n\
        order = { upstream = \"backend\", path = \"/order/{id}\", required = true }\n\
        kitchen = { upstream = \"backend\", path = \"/tickets/{id}\" }\n\
        delivery = { upstream = \"backend\", path = \"/deliveries/{id}\" }\n";
    let config = format!("{}{tracking}", config(false));
    let site = Site::open(&config).await;
    site.backend.says("200 OK", "{}");
    site.backend
        .says_at("/order/1", "200 OK", r#"{"status": "PRETE"}"#);
    site.backend.says_at("/tickets/1", REFUSES, "");
    for _ in 0..6 {
        let partial = site.public.get("/suivi/1").await;
        assert_eq!(partial.header("x-degraded"), Some("partial"));
        let _ = site.public.get("/others").await.ok(200);
    }
    assert_eq!(site.backend.asked_for("/tickets/1"), 3);
    assert_eq!(site.backend.asked_for("/order/1"), 6);
}
