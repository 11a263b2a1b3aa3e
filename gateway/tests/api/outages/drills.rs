//! Failure drills: deliberate outages, which are never mistaken for real ones.

use actix_web::http::Method;
use serde_json::{Value, json};
use service_kit::testing::{Answer, assert_same_shape, eventually};
use shared_types::golden;

use super::{SITE, Site, site};

async fn put(site: &Site, path: &str, order: Value) -> Answer {
    let request = site.operator.request(Method::PUT, path);
    request.send_json(order).await
}

#[actix_web::test]
async fn a_drill_looks_like_an_outage_except_for_its_mark() {
    for mode in ["down", "errors", "reset"] {
        let site = Site::open(SITE).await;
        let _ = site.public.get("/menu").await.ok(200);
        let asked = site.backend.asked();
        let order = json!({"mode": mode, "for": "1m"});
        let told = put(&site, "/drills/backend", order).await.ok(200);
        assert_eq!(
            (&told["target"], &told["mode"]),
            (&json!("backend"), &json!(mode))
        );
        // First by the drill, then by the circuit.
        for _ in 0..5 {
            let answer = site.public.get("/things").await;
            let _ = answer.problem(503, "upstream_unavailable");
            assert!(answer.header("retry-after").is_some());
            assert_eq!(answer.header("x-drill"), Some(mode));
        }
        let stale = site.public.get("/menu").await;
        assert_eq!(stale.header("x-degraded"), Some("stale"));
        assert_eq!(stale.header("x-drill"), Some(mode));
        assert_eq!(site.backend.asked(), asked, "{mode}");
        let under_way = site.operator.get("/drills").await.ok(200);
        assert_eq!(under_way[0]["endsInSeconds"], 60);
    }
}

#[actix_web::test]
async fn a_drill_ends_on_request_or_after_its_time() {
    let breaker = "retries = 0\nbreaker = { failures = 3, open = \"10ms\" }";
    let site = Site::open(&site(breaker)).await;
    for (time, ended) in [("1h", true), ("100ms", false)] {
        let _ = put(
            &site,
            "/drills/backend",
            json!({"mode": "down", "for": time}),
        )
        .await
        .ok(200);
        let _ = site
            .public
            .get("/things")
            .await
            .problem(503, "upstream_unavailable");
        if ended {
            let answer = site.operator.delete("/drills/backend").await;
            assert_eq!(answer.status, 204);
        }
        let answer = eventually("the end", async || {
            let answer = site.public.get("/things").await;
            (answer.status == 200).then_some(answer)
        })
        .await;
        assert_eq!(answer.header("x-drill"), None);
        assert_eq!(site.operator.get("/drills").await.ok(200), json!([]));
    }
}

/// Longer than any test.
const OPEN: &str = "retries = 0\nbreaker = { failures = 3, open = \"1h\" }";

async fn opened(site: &Site) -> String {
    let metrics = site.operator.get("/metrics").await;
    let mut lines = metrics.text().lines();
    let name = "gateway_upstream_breaker_changes_total{to=\"open\",";
    lines
        .find(|line| line.starts_with(name))
        .unwrap()
        .to_owned()
}

#[actix_web::test]
async fn a_drills_open_circuit_closes_with_it() {
    for (time, ended) in [("1h", true), ("400ms", false)] {
        let site = Site::open(&site(OPEN)).await;
        let order = json!({"mode": "down", "for": time});
        let _ = put(&site, "/drills/backend", order).await.ok(200);
        for _ in 0..5 {
            let answer = site.public.get("/things").await;
            if answer.status == 503 {
                assert_eq!(answer.header("x-drill"), Some("down"));
            }
        }
        if ended {
            let told = site.operator.get("/status").await.ok(200);
            assert_eq!(told["upstreams"]["backend"]["breaker"], "open");
            assert_eq!(told["features"]["things"]["status"], "down");
            let _ = site.operator.delete("/drills/backend").await;
        } else {
            eventually("the end", async || {
                let under_way = site.operator.get("/drills").await.ok(200);
                (under_way == json!([])).then_some(())
            })
            .await;
        }
        // The very next request.
        let answer = site.public.get("/things").await;
        let _ = answer.ok(200);
        assert_eq!(answer.header("x-drill"), None);
        let told = site.operator.get("/status").await.ok(200);
        assert_eq!(told["upstreams"]["backend"]["breaker"], "closed");
        assert!(opened(&site).await.ends_with(" 0"));
    }
}

#[actix_web::test]
async fn a_drills_failures_do_not_count_afterwards() {
    let site = Site::open(&site(OPEN)).await;
    let order = json!({"mode": "reset", "for": "1h"});
    let _ = put(&site, "/drills/backend", order).await.ok(200);
    for _ in 0..20 {
        let _ = site.public.get("/things").await;
    }
    let _ = site.operator.delete("/drills/backend").await;
    site.backend.feels(super::Mood::HangsUp);
    // It still takes the usual number of failures.
    for _ in 0..3 {
        let answer = site.public.get("/things").await;
        let _ = answer.problem(502, "upstream_unreachable");
    }
    let answer = site.public.get("/things").await;
    let _ = answer.problem(503, "upstream_unavailable");
    assert_eq!(answer.header("x-drill"), None);
}

#[actix_web::test]
async fn a_real_outage_during_a_drill_is_found_and_not_marked_as_a_drill() {
    let breaker = "retries = 0\nprobe = \"/ready\"\nbreaker = { failures = 1, open = \"1h\" }";
    let site = Site::open(&site(breaker)).await;
    let order = json!({"mode": "down", "for": "1h"});
    let _ = put(&site, "/drills/backend", order).await.ok(200);
    let answer = site.public.get("/things").await;
    assert_eq!(answer.header("x-drill"), Some("down"));
    site.backend.feels(super::Mood::HangsUp);
    eventually("the real circuit", async || {
        opened(&site).await.ends_with(" 1").then_some(())
    })
    .await;
    let answer = site.public.get("/things").await;
    let _ = answer.problem(503, "upstream_unavailable");
    assert_eq!(answer.header("x-drill"), None);
    let _ = site.operator.delete("/drills/backend").await;
    let _ = site
        .public
        .get("/things")
        .await
        .problem(503, "upstream_unavailable");
}

#[actix_web::test]
async fn a_slow_upstream_answers_late_and_is_marked() {
    let site = Site::open(SITE).await;
    let order = json!({"mode": "slow", "for": "1m", "delay": "60ms"});
    assert_eq!(
        put(&site, "/drills/backend", order).await.ok(200)["delaySeconds"],
        0.06
    );
    let began = std::time::Instant::now();
    let answer = site.public.get("/things").await;
    assert_eq!(answer.status, 200);
    assert!(began.elapsed() >= std::time::Duration::from_millis(60));
    assert_eq!(answer.header("x-drill"), Some("slow"));
}

#[actix_web::test]
async fn a_flaky_upstream_fails_for_some_and_its_real_answers_are_not_marked() {
    let breaker = "retries = 0\nbreaker = { failures = 1000, minimum = 1000 }";
    let site = Site::open(&site(breaker)).await;
    let order = json!({"mode": "flaky", "for": "1m", "rate": 0.5});
    let _ = put(&site, "/drills/backend", order).await.ok(200);
    let mut seen = [0, 0];
    for _ in 0..60 {
        let answer = site.public.get("/things").await;
        let failed = answer.status == 503;
        assert_eq!(answer.header("x-drill"), failed.then_some("flaky"));
        seen[usize::from(failed)] += 1;
    }
    // All of one kind happens once in 2^59 times.
    assert!(seen[0] > 0 && seen[1] > 0, "{seen:?}");
}

#[actix_web::test]
async fn the_drill_of_one_route_leaves_the_others_alone() {
    let site = Site::open(SITE).await;
    let _ = put(
        &site,
        "/drills/routes/things",
        json!({"mode": "down", "for": "1m"}),
    )
    .await
    .ok(200);
    for _ in 0..5 {
        let answer = site.public.get("/things").await;
        let _ = answer.problem(503, "upstream_unavailable");
        assert_eq!(answer.header("x-drill"), Some("down"));
    }
    let other = site.public.get("/menu").await;
    let _ = other.ok(200);
    assert_eq!(other.header("x-drill"), None);
    assert_eq!(
        site.operator.delete("/drills/routes/things").await.status,
        204
    );
    let _ = site.public.get("/things").await.ok(200);
}

#[actix_web::test]
async fn the_documented_order_begins_the_documented_drill() {
    let site = Site::open(SITE).await;
    let order = serde_json::from_str(golden::DRILL).unwrap();
    let told = put(&site, "/drills/backend", order).await.ok(200);
    assert_same_shape(&told, golden::DRILL_UNDER_WAY);
}

#[actix_web::test]
async fn no_drill_begins_while_drills_are_off() {
    let site = Site::with_drills("off", SITE).await;
    for (method, path) in [
        (Method::GET, "/drills"),
        (Method::POST, "/drills/verdict"),
        (Method::DELETE, "/drills/backend"),
    ] {
        let answer = site.operator.request(method, path).send().await;
        let _ = answer.problem(403, "drills_off");
    }
    let answer = put(
        &site,
        "/drills/backend",
        json!({"mode": "down", "for": "1m"}),
    )
    .await;
    let _ = answer.problem(403, "drills_off");
    let _ = site.public.get("/things").await.ok(200);
}

#[actix_web::test]
async fn an_invalid_drill_is_refused_and_changes_nothing() {
    let site = Site::open(SITE).await;
    for order in [
        json!({"mode": "dead", "for": "1m"}),
        json!({"mode": "down"}),
        json!({"mode": "down", "for": "2d"}),
        json!({"mode": "flaky", "for": "1m", "rate": 1.5}),
    ] {
        let answer = put(&site, "/drills/backend", order).await;
        let _ = answer.problem(400, "validation_failed");
    }
    for path in [
        "/drills/nobody",
        "/drills/routes/nowhere",
        "/drills/routes/status",
    ] {
        let answer = put(&site, path, json!({"mode": "down", "for": "1m"})).await;
        let _ = answer.problem(404, "route_not_found");
    }
    assert_eq!(site.operator.get("/drills").await.ok(200), json!([]));
}
