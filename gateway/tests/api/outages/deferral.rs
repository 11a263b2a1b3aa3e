//! `outage = "defer"`: a request that its upstream does not answer is given to another one, which
//! keeps it.

use actix_web::http::Method;
use serde_json::{Value, json};
use service_kit::testing::{Answer, eventually};

use super::{Mood, Moody, SITE, Site};

const KEPT: &str = "202 Accepted\r\ncontent-type: application/json\r\nlocation: /differe/7";

/// The row `/dishes` is kept by an upstream at `keeper`, and `/orders` likewise without keys. A
/// drill's or a failure's circuit stays open until the test ends.
fn site(keeper: &Moody) -> String {
    let rows = r#"{ path = "/dishes", methods = ["POST", "DELETE"], to = "/dishes", idempotent = true, outage = "defer", defer = "keeper" },
    { path = "/orders", methods = ["POST"], to = "/orders", outage = "defer", defer = "keeper" },"#;
    let upstream = format!(
        "[upstreams.keeper]\nurl = \"http://{}/v1\"\nprobe = \"/waiting\"\n\n[routes]",
        keeper.addr
    );
    let feature = "[features]\ndishes = { needs = [\"backend\"], probe = \"POST /dishes\" }";
    SITE.replace(
        r#"{ path = "/dishes", methods = ["POST", "DELETE"], to = "/dishes", idempotent = true, outage = "error" },"#,
        rows,
    )
    .replace("[routes]", &upstream)
    .replace("[features]", feature)
    .replace("retries = 0", "retries = 0\nbreaker = { failures = 3, open = \"1h\" }")
    .replace("timeout = \"10s\"", "timeout = \"200ms\"")
}

async fn open() -> (Site, Moody) {
    let keeper = Moody::start().await;
    keeper.says(KEPT, r#"{"id": "7"}"#);
    keeper.says_at("/v1/waiting", "200 OK", r#"{"waiting": 2}"#);
    (Site::open(&site(&keeper)).await, keeper)
}

async fn post(site: &Site, path: &str, key: Option<&str>) -> Answer {
    let mut request = site.public.request(Method::POST, path);
    if let Some(key) = key {
        request = request.header("idempotency-key", key);
    }
    request.send_json(json!({"dish": "soup"})).await
}

#[track_caller]
fn assert_kept(answer: &Answer) {
    assert_eq!(answer.ok(202), json!({"id": "7"}));
    assert_eq!(answer.header("x-degraded"), Some("deferred"));
    assert_eq!(answer.header("location"), Some("/differe/7"));
}

/// How many requests the keeper was given.
fn given(keeper: &Moody) -> usize {
    keeper.asked() - keeper.asked_for("/v1/waiting")
}

#[actix_web::test]
async fn a_request_that_was_not_sent_is_kept_as_it_came() {
    let (site, keeper) = open().await;
    site.backend.feels(Mood::HangsUp);
    for _ in 0..3 {
        let _ = site.public.get("/things").await;
    }
    // The circuit is open now.
    let asked = site.backend.asked();
    let answer = site
        .public
        .request(Method::POST, "/orders?table=4")
        .bearer("t")
        .send_json(json!({"dish": "soup"}))
        .await;
    assert_kept(&answer);
    assert_eq!(site.backend.asked(), asked);
    let head = keeper.last_but_probes();
    assert!(!head.contains("x-deferred-sent"), "{head}");
    assert!(
        head.starts_with("POST /v1/deferred/backend/orders?table=4 HTTP/1.1\r\n"),
        "{head}"
    );
    for field in [
        "authorization: Bearer t",
        "content-length: 15",
        "x-forwarded-for: 127.0.0.1",
    ] {
        assert!(head.contains(field), "{field}: {head}");
    }
}

#[actix_web::test]
async fn an_answer_that_was_lost_is_kept_only_with_a_key_that_the_upstream_honours() {
    let (site, keeper) = open().await;
    for (mood, status) in [
        (Mood::HangsUp, 502),
        (Mood::Silent, 504),
        (
            Mood::Says("503 Service Unavailable".to_owned(), String::new()),
            503,
        ),
    ] {
        site.backend.feels(mood);
        let before = given(&keeper);
        assert_eq!(post(&site, "/dishes", None).await.status, status);
        // This row's upstream recognises no keys.
        assert_eq!(post(&site, "/orders", Some("k")).await.status, status);
        assert_eq!(given(&keeper), before, "{status}");
        // Another success keeps the circuits closed.
        site.backend.says("201 Created", "{}");
        for _ in 0..5 {
            assert_eq!(post(&site, "/dishes", None).await.status, 201);
            assert_eq!(post(&site, "/orders", None).await.status, 201);
        }
    }
    site.backend.feels(Mood::HangsUp);
    assert_kept(&post(&site, "/dishes", Some("k")).await);
    // The keeper is told that the request may have been carried out.
    let head = keeper.last_but_probes();
    assert!(head.contains("x-deferred-sent: 1"), "{head}");
}

#[actix_web::test]
async fn an_answer_of_the_upstream_itself_is_never_replaced() {
    let (site, keeper) = open().await;
    for status in [
        "201 Created",
        "400 Bad Request",
        "409 Conflict",
        "500 Internal Server Error",
    ] {
        site.backend.says(status, "{}");
        let answer = post(&site, "/dishes", Some("k")).await;
        assert!(status.starts_with(answer.status.as_str()), "{status}");
        assert_eq!(answer.header("x-degraded"), None);
    }
    assert_eq!(given(&keeper), 0);
}

#[actix_web::test]
async fn without_a_keeper_that_takes_it_the_client_gets_the_usual_problem() {
    for mood in [
        Mood::Says("503 Service Unavailable".to_owned(), "{}".to_owned()),
        Mood::Says("500 Internal Server Error".to_owned(), "{}".to_owned()),
        Mood::Says("404 Not Found".to_owned(), "{}".to_owned()),
    ] {
        let (site, keeper) = open().await;
        keeper.feels(mood);
        site.backend.feels(Mood::HangsUp);
        for _ in 0..3 {
            let _ = site.public.get("/things").await;
        }
        let answer = post(&site, "/dishes", Some("k")).await;
        let problem = answer.problem(503, "upstream_unavailable");
        assert_eq!(problem.service.as_deref(), Some("backend"));
        assert!(answer.header("retry-after").is_some());
        assert_eq!(answer.header("x-degraded"), None);
    }
}

#[actix_web::test]
async fn a_keeper_whose_answer_is_lost_is_not_said_to_have_done_nothing() {
    for (mood, status, code) in [
        (Mood::HangsUp, 502, "upstream_unreachable"),
        (Mood::Silent, 504, "upstream_timeout"),
    ] {
        let keeper = Moody::start().await;
        keeper.says_at("/v1/waiting", "200 OK", r#"{"waiting": 0}"#);
        let config = site(&keeper).replace(
            "probe = \"/waiting\"",
            "probe = \"/waiting\"\ntimeout = \"200ms\"\nretries = 0",
        );
        let site = Site::open(&config).await;
        keeper.feels(mood);
        site.backend.feels(Mood::HangsUp);
        for _ in 0..3 {
            let _ = site.public.get("/things").await;
        }
        let problem = post(&site, "/dishes", None).await.problem(status, code);
        assert_eq!(problem.service.as_deref(), Some("keeper"));
    }
}

#[actix_web::test]
async fn the_keepers_own_refusal_of_a_request_is_the_answer() {
    let (site, keeper) = open().await;
    keeper.says(
        "422 Unprocessable Content",
        r#"{"code": "idempotency_key_reused"}"#,
    );
    site.backend.feels(Mood::HangsUp);
    let answer = post(&site, "/dishes", Some("k")).await;
    assert_eq!(answer.status, 422);
    assert_eq!(answer.header("x-degraded"), None);
}

#[actix_web::test]
async fn a_body_that_is_not_awaited_whole_is_not_kept() {
    let keeper = Moody::start().await;
    keeper.says(KEPT, r#"{"id": "7"}"#);
    keeper.says_at("/v1/waiting", "200 OK", r#"{"waiting": 0}"#);
    let larger = site(&keeper).replace("request_body = \"64KiB\"", "request_body = \"1MiB\"");
    let site = Site::open(&larger).await;
    site.backend.feels(Mood::HangsUp);
    let answer = site.public.request(Method::POST, "/dishes");
    let answer = answer.header("idempotency-key", "k");
    let answer = answer.send_body(vec![b' '; 512 * 1024].into()).await;
    assert_eq!(answer.status, 502);
    assert_eq!(given(&keeper), 0);
}

#[actix_web::test]
async fn the_status_says_that_requests_are_kept_and_how_many_wait() {
    let (site, keeper) = open().await;
    let dishes = async |site: &Site| {
        let status = site.public.get("/status").await.ok(200);
        status["features"]["dishes"].clone()
    };
    let _ = site.public.get("/things").await;
    eventually("the keeper to tell how many wait", || async {
        (dishes(&site).await == json!({"status": "up", "waiting": 2})).then_some(())
    })
    .await;
    site.backend.feels(Mood::HangsUp);
    for _ in 0..3 {
        let _ = site.public.get("/things").await;
    }
    assert_eq!(
        dishes(&site).await,
        json!({"status": "deferred", "missing": ["backend"], "waiting": 2})
    );
    keeper.feels(Mood::HangsUp);
    keeper.feels_at("/v1/waiting", Mood::HangsUp);
    eventually("the feature to be down without the keeper", || async {
        (dishes(&site).await["status"] == "down").then_some(())
    })
    .await;
}

#[actix_web::test]
async fn a_drill_is_kept_too_and_a_rehearsal_keeps_nothing() {
    let (site, keeper) = open().await;
    eventually("the keeper to be well", || async {
        let status = site.operator.get("/status").await.ok(200);
        (status["upstreams"]["keeper"]["status"] == "up").then_some(())
    })
    .await;
    let verdict = site.operator.request(Method::POST, "/drills/verdict");
    let verdict = verdict.send().await.ok(200);
    let cells = verdict["cells"].as_array().unwrap();
    let cell = |upstream: &str| -> &Value {
        let mut cells = cells.iter();
        let found = cells.find(|cell| cell["feature"] == "dishes" && cell["upstream"] == upstream);
        found.unwrap()
    };
    let without = cell("backend");
    assert_eq!(
        (&without["declared"], &without["answer"], &without["pass"]),
        (&json!("deferred"), &json!("degraded"), &json!(true)),
        "{verdict}"
    );
    assert_eq!(cell("keeper")["declared"], "up");
    assert_eq!(given(&keeper), 0);

    let drill = site.operator.request(Method::PUT, "/drills/backend");
    let order = json!({"mode": "down", "for": "1m"});
    let _ = drill.send_json(order).await.ok(200);
    let answer = post(&site, "/dishes", None).await;
    assert_kept(&answer);
    assert_eq!(answer.header("x-drill"), Some("down"));
}
