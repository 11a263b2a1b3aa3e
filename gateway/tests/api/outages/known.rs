//! `/status` before any circuit has opened: nothing is known yet, or a probe has just failed.

use serde_json::{Value, json};
use service_kit::testing::eventually;

use super::{Mood, SITE, Site, site};
use crate::watcher::Watcher;

/// A circuit that no number of failures opens within a test.
const NEVER_OPENS: &str =
    "retries = 0\nprobe = \"/ready\"\nbreaker = { failures = 1000000, minimum = 1000000 }";

async fn status(site: &Site) -> Value {
    site.public.get("/status").await.ok(200)
}

/// Waits until the whole status is `wanted`, and checks that it was never `not` before.
async fn becomes(site: &Site, wanted: &str, not: &str) -> Value {
    eventually(wanted, async || {
        let told = status(site).await;
        assert_ne!(told["status"], not, "{told}");
        (told["status"] == wanted).then_some(told)
    })
    .await
}

#[actix_web::test]
async fn right_after_the_start_nothing_is_known_but_the_gateway_is_ready() {
    let site = Site::open(SITE).await;
    let told = status(&site).await;
    assert_eq!(told["status"], "unknown");
    assert_eq!(told["features"]["things"], json!({"status": "unknown"}));
    let told = site.operator.get("/status").await.ok(200);
    assert_eq!(told["upstreams"]["backend"]["status"], "unknown");
    assert_eq!(told["upstreams"]["backend"]["breaker"], "closed");
    let _ = site.public.get("/ready").await.ok(200);
    // Without a probe, the first answer tells.
    let _ = site.public.get("/things").await.ok(200);
    assert_eq!(status(&site).await["status"], "up");
    let told = site.operator.get("/status").await.ok(200);
    assert_eq!(told["upstreams"]["backend"]["status"], "up");
}

#[actix_web::test]
async fn without_any_service_the_status_is_never_up() {
    let site = Site::before_nobody(&site(NEVER_OPENS)).await;
    let _ = becomes(&site, "degraded", "up").await;
    // The features are looked at one after the other, and the probe may fail in between.
    let told = status(&site).await;
    assert_eq!(told["features"]["things"]["missing"], json!(["backend"]));
    let _ = site.public.get("/ready").await.ok(200);
}

#[actix_web::test]
async fn an_upstream_that_does_not_answer_its_first_probe_is_not_up() {
    let site = Site::moody(Mood::Silent, &site(NEVER_OPENS)).await;
    let _ = becomes(&site, "degraded", "up").await;
}

#[actix_web::test]
async fn one_failed_probe_shows_at_once_and_so_does_the_next_good_one() {
    let site = Site::open(&site(NEVER_OPENS)).await;
    let _ = becomes(&site, "up", "degraded").await;
    site.backend.feels(Mood::HangsUp);
    let told = becomes(&site, "degraded", "down").await;
    let things = &told["features"]["things"];
    assert_eq!(
        *things,
        json!({"status": "degraded", "missing": ["backend"]})
    );
    let told = site.operator.get("/status").await.ok(200);
    let backend = &told["upstreams"]["backend"];
    assert_eq!(
        (&backend["status"], &backend["breaker"]),
        (&json!("degraded"), &json!("closed"))
    );
    site.backend.says("200 OK", "[]");
    let _ = becomes(&site, "up", "down").await;
}

#[actix_web::test]
async fn the_console_shows_a_failed_probe_too() {
    let site = Site::open(&site(NEVER_OPENS)).await;
    let _ = becomes(&site, "up", "degraded").await;
    site.backend.feels(Mood::HangsUp);
    let mut watcher = Watcher::of(site.operator_addr, "/events", "").await;
    loop {
        let snapshot = watcher.event("snapshot").await;
        if snapshot["status"]["upstreams"]["backend"]["status"] == "degraded" {
            assert_eq!(snapshot["status"]["status"], "degraded");
            break;
        }
    }
}

#[actix_web::test]
async fn a_drill_shows_as_soon_as_the_probe_would_have_failed() {
    let site = Site::open(&site(NEVER_OPENS)).await;
    let _ = becomes(&site, "up", "degraded").await;
    let order = json!({"mode": "down", "for": "1h"});
    let drill = site
        .operator
        .request(actix_web::http::Method::PUT, "/drills/backend");
    let _ = drill.send_json(order).await.ok(200);
    let told = becomes(&site, "degraded", "down").await;
    assert_eq!(told["features"]["things"]["missing"], json!(["backend"]));
    let _ = site.operator.delete("/drills/backend").await;
    assert_eq!(status(&site).await["status"], "up");
}
