//! `/status`: the features, for everyone; and the upstreams, for the operator.

use shared_types::gateway::{OperatorStatus, Status};

use super::{Mood, SITE, Site};

#[actix_web::test]
async fn with_its_upstream_down_a_feature_is_down_or_served_from_the_cache() {
    let site = Site::open(SITE).await;
    let _ = site.public.get("/menu").await.ok(200);
    let all = site.public.get("/status").await.ok(200);
    assert_eq!(all["status"], "up");
    site.backend.feels(Mood::HangsUp);
    for _ in 0..5 {
        let _ = site.public.get("/things").await;
    }
    let told = site.public.get("/status").await;
    let all = told.ok(200);
    assert_eq!(all["status"], "degraded");
    let _: Status = serde_json::from_value(all.clone()).unwrap();
    let (things, menu) = (&all["features"]["things"], &all["features"]["menu"]);
    assert_eq!(things["status"], "down");
    assert_eq!(things["missing"], serde_json::json!(["backend"]));
    assert_eq!(things["retryAfterSeconds"], 1);
    assert_eq!(menu["status"], "degraded");
    assert_eq!(menu["staleAgeSeconds"], 0);
    assert!(menu.get("retryAfterSeconds").is_none());
    // Nothing internal.
    let text = String::from_utf8_lossy(&told.body);
    for internal in ["127.0.0.1", "connection", "upstreams", "cause"] {
        assert!(!text.contains(internal), "{text}");
    }
    assert_eq!(told.header("cache-control"), Some("no-store"));
}

#[actix_web::test]
async fn the_operator_is_told_the_cause() {
    let site = Site::open(SITE).await;
    let before = site.operator.get("/status").await.ok(200);
    assert_eq!(before["upstreams"]["backend"]["breaker"], "closed");
    assert_eq!(before["upstreams"]["backend"]["inFlight"], 0);
    assert!(before["upstreams"]["backend"].get("lastError").is_none());
    site.backend.feels(Mood::HangsUp);
    for _ in 0..5 {
        let _ = site.public.get("/things").await;
    }
    let after = site.operator.get("/status").await.ok(200);
    let _: OperatorStatus = serde_json::from_value(after.clone()).unwrap();
    let backend = &after["upstreams"]["backend"];
    assert_eq!(after["features"]["things"]["status"], "down");
    assert_eq!(backend["breaker"], "open");
    assert_eq!(backend["retryAfterSeconds"], 1);
    assert_eq!(backend["lastError"]["kind"], "broken");
    assert!(
        backend["lastError"]["cause"]
            .as_str()
            .unwrap()
            .contains("connection")
    );
    assert!(backend["lastError"]["at"].is_string());
}

#[actix_web::test]
async fn the_gateway_is_ready_whatever_the_state_of_its_upstreams() {
    let site = Site::open(SITE).await;
    site.backend.feels(Mood::HangsUp);
    for _ in 0..5 {
        let _ = site.public.get("/things").await;
    }
    let _ = site.public.get("/ready").await.ok(200);
    let _ = site.operator.get("/ready").await.ok(200);
}
