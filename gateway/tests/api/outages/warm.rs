//! A row with `warm = true`: there is an answer in an outage even if no client has asked.

use actix_web::http::Method;
use service_kit::testing::eventually;

use super::metrics::{until, value};
use super::{Mood, SITE, Site};

const OUTAGE: &str = r#"outage = "stale", stale_if_error = "1h""#;

const STORED: &str = r#"gateway_warm_requests_total{result="stored",route="/menu"}"#;

fn site() -> String {
    SITE.replace(OUTAGE, &format!("{OUTAGE}, query = [], warm = true"))
}

#[actix_web::test]
async fn a_menu_that_nobody_has_asked_for_is_there_in_an_outage() {
    let site = Site::open(&site()).await;
    until(&site, STORED, 1.0).await;
    site.backend.feels(Mood::HangsUp);
    let menu = site.public.get("/menu?a=stranger").await;
    let _ = menu.ok(200);
    assert_eq!(menu.header("x-degraded"), Some("stale"));
}

#[actix_web::test]
async fn all_workers_together_ask_once_and_without_a_clients_fields() {
    let site = Site::open(&site()).await;
    until(&site, STORED, 1.0).await;
    assert_eq!(site.backend.asked(), 1);
    let head = site.backend.last();
    let fields = head
        .lines()
        .skip(1)
        .filter_map(|line| line.split_once(": "));
    let known = [
        "host",
        "traceparent",
        "via",
        "x-forwarded-uri",
        "x-request-id",
    ];
    for (name, _) in fields {
        assert!(known.contains(&name), "{name}: {head}");
    }
}

#[actix_web::test]
async fn warm_requests_are_counted_apart_from_clients_requests() {
    let site = Site::open(&site()).await;
    until(&site, STORED, 1.0).await;
    let of_clients = r#"gateway_requests_total{method="GET",route="/menu",status="2xx"}"#;
    assert_eq!(value(&site, of_clients).await.unwrap_or(0.0), 0.0);
    assert_eq!(value(&site, "gateway_requests_in_flight").await, Some(0.0));
    let _ = site.public.get("/menu").await.ok(200);
    until(&site, of_clients, 1.0).await;
}

#[actix_web::test]
async fn an_upstream_is_asked_as_soon_as_it_is_available_again() {
    let site = Site::moody(Mood::HangsUp, &site()).await;
    until(
        &site,
        r#"gateway_warm_requests_total{result="failed",route="/menu"}"#,
        1.0,
    )
    .await;
    site.backend.says("200 OK", "[1]");
    until(&site, STORED, 1.0).await;
    site.backend.feels(Mood::HangsUp);
    assert_eq!(&site.public.get("/menu").await.body[..], b"[1]");
}

#[actix_web::test]
async fn no_warm_request_is_sent_while_the_circuit_is_open() {
    let config = site().replace("retries = 0", "retries = 0\nprobe = \"/ready\"");
    let site = Site::moody(Mood::HangsUp, &config).await;
    eventually("an open circuit", async || {
        let told = site.operator.get("/status").await.ok(200);
        (told["upstreams"]["backend"]["breaker"] == "open").then_some(())
    })
    .await;
    let menus = || {
        let seen = site.backend.seen.borrow();
        seen.iter().filter(|head| head.contains(" /menu ")).count()
    };
    // A few more probes pass.
    let (before, probes) = (menus(), site.backend.asked());
    eventually("two more probes", async || {
        (site.backend.asked() >= probes + 2).then_some(())
    })
    .await;
    assert_eq!(menus(), before);
    site.backend.says("200 OK", "[]");
    until(&site, STORED, 1.0).await;
}

#[actix_web::test]
async fn a_changed_menu_is_asked_for_again() {
    let config = site().replace(
        r#"methods = ["GET", "POST"], to = "/things", outage = "error""#,
        r#"methods = ["GET", "POST"], to = "/things", outage = "error", invalidates = ["/menu"]"#,
    );
    let site = Site::open(&config).await;
    until(&site, STORED, 1.0).await;
    site.backend.says("200 OK", "[\"new\"]");
    let changed = site.public.request(Method::POST, "/things").send().await;
    let _ = changed.ok(200);
    until(&site, STORED, 2.0).await;
    site.backend.feels(Mood::HangsUp);
    assert_eq!(&site.public.get("/menu").await.body[..], b"[\"new\"]");
}

#[test]
fn a_row_that_has_more_than_one_answer_cannot_be_warm() {
    const MENU: &str = r#"{ path = "/menu", methods = ["GET"], to = "/menu", outage = "stale", stale_if_error = "1h" }"#;
    for (row, reason) in [
        (
            r#"{ path = "/menu/{id}", methods = ["GET"], to = "/menu/{id}", outage = "stale", stale_if_error = "1h", query = [], warm = true }"#,
            "parameter",
        ),
        (
            r#"{ path = "/menu", methods = ["GET"], to = "/menu", outage = "stale", stale_if_error = "1h", warm = true }"#,
            "query = []",
        ),
        (
            r#"{ path = "/menu", methods = ["GET"], to = "/menu", outage = "stale", stale_if_error = "1h", query = [], vary = ["accept-language"], warm = true }"#,
            "vary",
        ),
        (
            r#"{ path = "/menu", methods = ["GET"], to = "/menu", outage = "error", warm = true }"#,
            "only for outage = \"stale\"",
        ),
    ] {
        let text = SITE.replace(MENU, row);
        let error =
            gateway::Config::parse("test.toml", &text, &service_kit::env::Env::of_pairs([]));
        let error = error.map(drop).unwrap_err().to_string();
        assert!(
            error.contains("warm: ") && error.contains(reason),
            "{error}"
        );
    }
}
