//! Which of the upstream's answers are stored, for whom, and for how long (RFC 9111).

mod asked;
mod changed;
mod memory;
mod served;

use super::{Mood, SITE, Site};

/// The row `/menu`, with these keys.
fn row(keys: &str) -> String {
    SITE.replace(
        r#"outage = "stale", stale_if_error = "1h""#,
        &format!(r#"outage = "stale", {keys}"#),
    )
}

async fn open(keys: &str) -> Site {
    Site::open(&row(keys)).await
}

/// The row's own values for every choice, for longer than a test.
const FRESH: &str = r#"fresh = "1h", stale_if_error = "1h", shared = true"#;

#[actix_web::test]
async fn a_forbidden_answer_is_neither_fresh_nor_used_in_an_outage() {
    for field in [
        "cache-control: no-store",
        "cache-control: no-cache",
        "cache-control: No-Cache=\"set-cookie\"",
        "cache-control: private=\"x-mine\"",
        "cache-control: s-maxage=0",
        "cache-control: max-age=0, must-revalidate",
        "cache-control: max-age=0, proxy-revalidate",
        "cache-control: caf\u{e9}, no-store",
        "cache-control: n\u{f6}-store",
        "vary: caf\u{e9}, accept-language",
        "vary: cookie",
        "set-cookie: a=b",
        "content-encoding: gzip",
    ] {
        let site = open(FRESH).await;
        site.backend.says(&format!("200 OK\r\n{field}"), "[1]");
        for _ in 0..2 {
            assert_eq!(&site.public.get("/menu").await.body[..], b"[1]", "{field}");
        }
        assert!(site.backend.asked() >= 2, "{field}");
        site.backend.feels(Mood::HangsUp);
        let answer = site.public.get("/menu").await;
        let _ = answer.problem(502, "upstream_unreachable");
    }
}

#[actix_web::test]
async fn an_answer_that_must_be_revalidated_is_fresh_and_does_not_stand_in() {
    for control in ["must-revalidate", "proxy-revalidate", "s-maxage=3600"] {
        let site = open(r#"fresh = "1h", stale_if_error = "1h""#).await;
        let head = format!("200 OK\r\ncache-control: {control}");
        site.backend.says(&head, "[1]");
        let _ = site.public.get("/menu").await.ok(200);
        let _ = site.public.get("/menu").await.ok(200);
        assert_eq!(site.backend.asked(), 1, "{control}");
    }
    // It is fresh for less than a moment, and then gone.
    let site = open(r#"fresh = "1ms", stale_if_error = "1h""#).await;
    site.backend
        .says("200 OK\r\ncache-control: must-revalidate", "[1]");
    let _ = site.public.get("/menu").await.ok(200);
    site.backend.feels(Mood::HangsUp);
    service_kit::testing::eventually("an outage that shows", async || {
        (site.public.get("/menu").await.status == 502).then_some(())
    })
    .await;
}

#[actix_web::test]
async fn without_a_time_in_the_row_an_answer_is_fresh_for_as_long_as_the_upstream_says() {
    for (field, asked) in [
        ("cache-control: max-age=3600", 1),
        ("cache-control: max-age=3600\r\nage: 3600", 2),
        ("cache-control: max-age=0", 2),
        ("x-none: 1", 2),
        ("expires: 0", 2),
    ] {
        let site = open(r#"stale_if_error = "1h""#).await;
        site.backend.says(&format!("200 OK\r\n{field}"), "[1]");
        let _ = site.public.get("/menu").await.ok(200);
        let _ = site.public.get("/menu").await.ok(200);
        assert_eq!(site.backend.asked(), asked, "{field}");
        site.backend.feels(Mood::HangsUp);
        let _ = site.public.get("/menu").await.ok(200);
    }
}

#[actix_web::test]
async fn a_deleted_answer_does_not_return_in_an_outage() {
    let site = open(r#"stale_if_error = "1h""#).await;
    let _ = site.public.get("/menu").await.ok(200);
    site.backend.says("404 Not Found", "gone");
    assert_eq!(site.public.get("/menu").await.status, 404);
    site.backend.feels(Mood::HangsUp);
    let answer = site.public.get("/menu").await;
    let _ = answer.problem(502, "upstream_unreachable");
}

#[actix_web::test]
async fn a_refusal_leaves_the_last_good_answer() {
    let site = open(r#"stale_if_error = "1h""#).await;
    let _ = site.public.get("/menu").await.ok(200);
    site.backend.says("429 Too Many Requests", "later");
    assert_eq!(site.public.get("/menu").await.status, 429);
    site.backend.feels(Mood::HangsUp);
    let stale = site.public.get("/menu").await;
    assert_eq!(stale.header("x-degraded"), Some("stale"));
}
