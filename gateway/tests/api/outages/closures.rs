//! Announced closures: planned work on an upstream, and features that take no requests.

use std::time::{Duration, UNIX_EPOCH};

use actix_web::http::Method;
use actix_web::http::header::HttpDate;
use futures_util::future::join_all;
use serde_json::{Value, json};
use service_kit::testing::{Answer, assert_same_shape, eventually};
use shared_types::value::Timestamp;

use super::metrics::{until as metric, value};
use super::{Mood, Moody, SITE, Site};

/// `/dishes` is kept by an upstream at `keeper` in an outage; the feature `dishes` is that route.
fn config(keeper: &Moody) -> String {
    let row = r#"{ path = "/dishes", methods = ["POST", "DELETE"], to = "/dishes", idempotent = true, outage = "error" },"#;
    let deferred = row.replace("\"error\"", "\"defer\", defer = \"keeper\"");
    let keeper = format!(
        "[upstreams.keeper]\nurl = \"http://{}\"\n\n[routes]",
        keeper.addr
    );
    let features = "[features]\ndishes = { needs = [\"backend\"], probe = \"POST /dishes\", routes = [\"GET /things\"] }";
    let config = SITE.replace(row, &deferred);
    let config = config.replace("[routes]", &keeper);
    let probed = "retries = 0\nprobe = \"/ready\"\nbreaker = { failures = 2, open = \"1h\" }";
    let config = config.replace("retries = 0", probed);
    config.replace("[features]", features)
}

async fn open() -> (Site, Moody) {
    let keeper = Moody::start().await;
    keeper.says("202 Accepted\r\nlocation: /differe/7", "{}");
    (Site::open(&config(&keeper)).await, keeper)
}

async fn put(site: &Site, path: &str, order: Value) -> Answer {
    let request = site.operator.request(Method::PUT, path);
    request
        .header("accept-language", "en")
        .send_json(order)
        .await
}

fn in_seconds(seconds: u64) -> Timestamp {
    let now = Timestamp::now().millis() / 1000;
    let whole = Timestamp::from_millis(now * 1000).unwrap();
    whole.after(Duration::from_secs(seconds))
}

fn date(at: Timestamp) -> String {
    let since = Duration::from_millis(u64::try_from(at.millis()).unwrap());
    HttpDate::from(UNIX_EPOCH + since).to_string()
}

/// From now on until `until`.
fn order(until: Timestamp) -> Value {
    json!({"until": until, "reason": {"fr": "Travaux.", "en": "Work."}})
}

/// How many requests of clients the upstream got.
fn requests(site: &Site) -> usize {
    site.backend.asked() - site.backend.asked_for("/ready")
}

async fn close(site: &Site, target: &str) -> Timestamp {
    let until = in_seconds(3600);
    let path = format!("/closures/{target}");
    let _ = put(site, &path, order(until)).await.ok(200);
    until
}

#[actix_web::test]
async fn a_closed_upstream_gets_no_request_and_each_route_answers_as_declared() {
    let (site, keeper) = open().await;
    let _ = site.public.get("/menu").await.ok(200);
    let until = close(&site, "upstreams/backend").await;
    let asked = requests(&site);
    for (lang, reason) in [("fr", "Travaux."), ("en", "Work.")] {
        let request = site.public.request(Method::GET, "/things");
        let refused = request.header("accept-language", lang).send().await;
        let problem = refused.problem(503, "closed");
        assert_eq!(problem.detail, reason);
        assert_eq!(problem.service.as_deref(), Some("backend"));
        assert_eq!(refused.header("retry-after"), Some(&*date(until)));
    }
    let stale = site.public.get("/menu").await;
    let _ = stale.ok(200);
    assert_eq!(stale.header("x-degraded"), Some("stale"));
    let kept = site.public.post("/dishes", "{}").await;
    assert_eq!((kept.status.as_u16(), keeper.asked()), (202, 1));
    assert_eq!(kept.header("x-degraded"), Some("deferred"));
    let told = keeper.last_but_probes();
    assert!(told.contains("x-deferred-not-before: 20"), "{told}");
    assert_eq!(requests(&site), asked);

    let status = site.operator.get("/status").await.ok(200);
    assert_eq!(status["upstreams"]["backend"]["status"], "closed");
    assert_eq!(status["upstreams"]["backend"]["breaker"], "closed");
    let features = &status["features"];
    assert_eq!(features["things"]["status"], "closed");
    assert!(features["things"]["retryAfterSeconds"].as_u64() > Some(3590));
    assert_eq!(features["menu"]["status"], "degraded");
    let public = site.public.get("/status").await.ok(200);
    assert_eq!(
        public["features"]["things"]["closure"]["until"],
        json!(until)
    );
    assert_eq!(
        public["features"]["things"]["closure"]["reason"]["fr"],
        "Travaux."
    );
    let of_row = "method=\"GET\",route=\"/things\"";
    for (series, expected) in [
        (
            format!("gateway_requests_total{{{of_row},status=\"planned\"}}"),
            2.0,
        ),
        (
            format!("gateway_requests_total{{{of_row},status=\"5xx\"}}"),
            0.0,
        ),
        (
            "gateway_upstream_breaker_changes_total{to=\"open\",upstream=\"backend\"}".to_owned(),
            0.0,
        ),
        (
            "gateway_upstream_closed{upstream=\"backend\"}".to_owned(),
            1.0,
        ),
        ("gateway_closures".to_owned(), 1.0),
    ] {
        metric(&site, &series, expected).await;
    }
    let planned = "gateway_upstream_requests_total{result=\"planned\",upstream=\"backend\"}";
    assert!(value(&site, planned).await >= Some(4.0));

    assert_eq!(
        site.operator
            .delete("/closures/upstreams/backend")
            .await
            .status,
        204
    );
    let _ = site.public.get("/things").await.ok(200);
    assert_eq!(site.operator.get("/closures").await.ok(200), json!([]));
}

#[actix_web::test]
async fn a_closed_feature_takes_no_request_at_its_routes_not_even_for_later() {
    let (site, keeper) = open().await;
    let until = close(&site, "features/dishes").await;
    let refused = site.public.post("/dishes", "{}").await;
    let problem = refused.problem(503, "closed");
    // No service is at fault.
    assert_eq!(problem.service, None);
    assert_eq!(refused.header("retry-after"), Some(&*date(until)));
    let _ = site.public.get("/things").await.problem(503, "closed");
    let _ = site.public.get("/menu").await.ok(200);
    assert_eq!(site.public.delete("/dishes").await.status, 200);
    assert_eq!(keeper.asked(), 0);
    let status = site.public.get("/status").await.ok(200);
    let dishes = &status["features"]["dishes"];
    assert_eq!(dishes["status"], "closed");
    assert_eq!(dishes["closure"]["until"], json!(until));
    assert!(dishes.get("missing").is_none(), "{dishes}");
    assert!(status["features"]["menu"].get("closure").is_none());
}

#[actix_web::test]
async fn a_closure_is_announced_before_it_begins_and_can_be_withdrawn() {
    let (site, _keeper) = open().await;
    let (from, until) = (in_seconds(600), in_seconds(1200));
    let announced = json!({"from": from, "until": until, "reason": "Work."});
    let told = put(&site, "/closures/upstreams/backend", announced)
        .await
        .ok(200);
    assert_eq!(told["upstream"], "backend");
    assert_eq!(
        (&told["by"], &told["upstreams"]),
        (&json!("operator"), &json!(["backend"]))
    );
    assert!((590..=600).contains(&told["beginsInSeconds"].as_u64().unwrap()));
    let listed = site.operator.get("/closures").await.ok(200);
    assert_eq!(
        listed[0]["endsInSeconds"].as_u64().map(|left| left > 1190),
        Some(true)
    );
    let public = site.public.get("/status").await.ok(200);
    assert_same_shape(&public["features"]["things"]["closure"], NOTICE);
    assert_eq!(public["features"]["things"]["closure"]["from"], json!(from));
    let _ = site.public.get("/things").await.ok(200);
    // Another one takes its place.
    let _ = close(&site, "upstreams/backend").await;
    let _ = site.public.get("/things").await.problem(503, "closed");
    for _ in 0..2 {
        let ended = site.operator.delete("/closures/upstreams/backend").await;
        assert_eq!(ended.status, 204);
    }
    let public = site.public.get("/status").await.ok(200);
    assert!(public["features"]["things"].get("closure").is_none());
}

const NOTICE: &str = r#"{"from": "", "until": "", "reason": {"fr": "", "en": ""}}"#;

#[actix_web::test]
async fn an_order_that_cannot_be_carried_out_is_refused_field_by_field() {
    let (site, _keeper) = open().await;
    let (past, soon) = (in_seconds(0), in_seconds(60));
    let reason = json!({"en": "Work."});
    for (order, field) in [
        (json!({"until": past, "reason": reason}), "until"),
        (
            json!({"from": soon, "until": soon, "reason": reason}),
            "until",
        ),
        (
            json!({"until": in_seconds(91 * 86_400), "reason": reason}),
            "until",
        ),
        (
            json!({"until": "2027-01-01T10:00:00", "reason": reason}),
            "until",
        ),
        (
            json!({"until": "2027-02-29T10:00:00Z", "reason": reason}),
            "until",
        ),
        (json!({"reason": reason}), "until"),
        (json!({"until": soon}), "reason"),
        (json!({"until": soon, "reason": {}}), "reason"),
        (
            json!({"until": soon, "reason": {"de": "Arbeit."}}),
            "reason",
        ),
        (json!({"until": soon, "reason": "x".repeat(301)}), "reason"),
    ] {
        let refused = put(&site, "/closures/features/dishes", order.clone()).await;
        let problem = refused.problem(400, "validation_failed");
        let errors = json!(problem.errors);
        assert_eq!(errors[0]["field"], field, "{order}");
    }
    for path in ["/closures/upstreams/nobody", "/closures/features/nobody"] {
        let _ = put(&site, path, order(soon))
            .await
            .problem(404, "route_not_found");
        let _ = site
            .operator
            .delete(path)
            .await
            .problem(404, "route_not_found");
    }
    assert_eq!(site.operator.get("/closures").await.ok(200), json!([]));
}

#[actix_web::test]
async fn a_name_alone_is_an_upstream_or_else_a_feature() {
    let (site, _keeper) = open().await;
    for (name, kind) in [("backend", "upstream"), ("dishes", "feature")] {
        let path = format!("/closures/{name}");
        let told = put(&site, &path, order(in_seconds(60))).await;
        assert_eq!(told.ok(200)[kind], name);
    }
    let public = site.public.get("/status").await.ok(200);
    let dishes = &public["features"]["dishes"];
    assert_eq!(dishes["status"], "closed");
    assert_eq!(dishes["until"], dishes["closure"]["until"]);
    assert_eq!(dishes["reason"], dishes["closure"]["reason"]);
    for name in ["backend", "dishes"] {
        let ended = site.operator.delete(&format!("/closures/{name}")).await;
        assert_eq!(ended.status, 204);
    }
    assert_eq!(site.operator.get("/closures").await.ok(200), json!([]));
    let nobody = site.operator.delete("/closures/nobody").await;
    let _ = nobody.problem(404, "route_not_found");
}

#[actix_web::test]
async fn the_files_closures_are_the_files() {
    let keeper = Moody::start().await;
    let (from, until) = (in_seconds(0), in_seconds(3600));
    let closure = format!(
        "[[closures]]\nupstream = \"backend\"\nfrom = {from}\nuntil = {until}\nreason = \"Work.\"\n"
    );
    let site = Site::open(&format!("{}\n{closure}", config(&keeper))).await;
    let _ = site.public.get("/things").await.problem(503, "closed");
    let listed = site.operator.get("/closures").await.ok(200);
    assert_eq!(
        (&listed[0]["upstream"], &listed[0]["by"]),
        (&json!("backend"), &json!("file"))
    );
    let ended = site.operator.delete("/closures/upstreams/backend").await;
    let _ = ended.problem(409, "closure_conflict");
    let _ = site.public.get("/things").await.problem(503, "closed");
}

#[actix_web::test]
async fn a_drill_does_not_overlap_with_a_closure_of_its_target() {
    let (site, _keeper) = open().await;
    let drill = json!({"mode": "down", "for": "10m"});
    let _ = put(&site, "/drills/backend", drill.clone()).await.ok(200);
    let _ = put(&site, "/drills/keeper", drill.clone()).await.ok(200);
    let _ = close(&site, "features/dishes").await;
    // The closure ends the drill of the upstream that it is at.
    eventually("the drill to end", async || {
        let drills = site.operator.get("/drills").await.ok(200);
        (drills.as_array().unwrap().len() == 1).then_some(())
    })
    .await;
    for path in ["/drills/backend", "/drills/routes/dishes"] {
        let refused = put(&site, path, drill.clone()).await;
        let _ = refused.problem(409, "closure_conflict");
    }
    let verdict = site.operator.request(Method::POST, "/drills/verdict");
    let _ = verdict.send().await.problem(409, "closure_conflict");
    let _ = put(&site, "/drills/routes/menu", drill.clone())
        .await
        .ok(200);
    let _ = site.operator.delete("/closures/features/dishes").await;
    // One that begins within the drill's time.
    let later = json!({"from": in_seconds(300), "until": in_seconds(400), "reason": "Work."});
    let _ = put(&site, "/closures/upstreams/backend", later)
        .await
        .ok(200);
    let _ = put(&site, "/drills/backend", drill)
        .await
        .problem(409, "closure_conflict");
    let short = json!({"mode": "down", "for": "1m"});
    let _ = put(&site, "/drills/backend", short).await.ok(200);
}

/// Ten clients that never pause, and an upstream that is gone until half a second before the end.
#[actix_web::test]
async fn under_load_a_closure_opens_no_circuit_and_the_first_request_after_it_is_served() {
    let (site, _keeper) = open().await;
    let until = in_seconds(4);
    let done = until.before(Duration::from_millis(500));
    let _ = put(&site, "/closures/upstreams/backend", order(until))
        .await
        .ok(200);
    site.backend.feels(Mood::HangsUp);
    let site = &site;
    let outcomes = join_all((0..10).map(|_| async move {
        let mut refused = 0;
        loop {
            let asked = Timestamp::now();
            if asked >= done {
                site.backend.says("200 OK", "[]");
            }
            let answer = site.public.get("/things").await;
            if asked >= until {
                return (refused, answer.status.as_u16());
            }
            if answer.status == 503 {
                let _ = answer.problem(503, "closed");
                assert_eq!(answer.header("retry-after"), Some(&*date(until)));
                refused += 1;
            } else {
                // It was on its way when the closure ended.
                assert!(
                    answer.status == 200 && Timestamp::now() >= until,
                    "{answer:?}"
                );
            }
        }
    }))
    .await;
    let refused: usize = outcomes.iter().map(|outcome| outcome.0).sum();
    assert!(refused > 100, "{outcomes:?}");
    assert!(
        outcomes.iter().all(|outcome| outcome.1 == 200),
        "{outcomes:?}"
    );
    let of = |name: &str, labels: &str| format!("{name}{{{labels},upstream=\"backend\"}}");
    for (series, expected) in [
        (
            of("gateway_upstream_breaker_changes_total", "to=\"open\""),
            0.0,
        ),
        (of("gateway_upstream_requests_total", "result=\"5xx\""), 0.0),
    ] {
        metric(site, &series, expected).await;
    }
    let failed = of(
        "gateway_upstream_requests_total",
        "result=\"upstream_unreachable\"",
    );
    assert_eq!(value(site, &failed).await, None);
}
