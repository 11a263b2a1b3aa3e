//! The last good answer: fresh without asking, and in place of one that does not come.

use actix_web::http::Method;
use futures_util::future::join_all;
use service_kit::testing::eventually;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use super::{Mood, SITE, Site};

const OUTAGE: &str = r#"outage = "stale", stale_if_error = "1h""#;

fn site(keys: &str) -> String {
    SITE.replace(OUTAGE, &format!("{OUTAGE}, {keys}"))
}

#[actix_web::test]
async fn a_fresh_answer_is_served_without_asking() {
    let site = Site::open(&site("fresh = \"1h\"")).await;
    let first = site.public.get("/menu").await;
    assert_eq!(
        first.header("cache-status"),
        Some("passe-plat; fwd=miss; stored")
    );
    assert_eq!(first.header("age"), None);
    site.backend.says("200 OK", "[1]");
    let second = site.public.get("/menu").await;
    assert_eq!(second.body, first.body);
    assert_eq!(second.header("content-type"), Some("application/json"));
    assert!(second.header("age").is_some());
    let status = second.header("cache-status").unwrap();
    assert!(status.starts_with("passe-plat; hit; ttl=35"), "{status}");
    assert_eq!(second.header("x-degraded"), None);
    assert_eq!(site.backend.asked(), 1);
}

#[actix_web::test]
async fn the_last_good_answer_stands_in_after_any_failure() {
    for (mood, detail) in [
        (
            Mood::HangsUp,
            "fwd=stale; detail=upstream_unreachable; ttl=0",
        ),
        (Mood::Silent, "fwd=stale; detail=upstream_timeout; ttl=0"),
        (
            Mood::Says("500 Internal Server Error".to_owned(), String::new()),
            "fwd=stale; fwd-status=500; ttl=0",
        ),
    ] {
        let site = Site::open(&site("stale_after = \"50ms\"")).await;
        let good = site.public.get("/menu").await;
        site.backend.feels(mood);
        let stale = site.public.get("/menu").await;
        assert_eq!(stale.ok(200), good.ok(200));
        assert_eq!(stale.header("x-degraded"), Some("stale"));
        assert!(stale.header("age").is_some());
        let status = stale.header("cache-status").unwrap();
        assert!(status.contains(detail), "{status}");
    }
}

#[actix_web::test]
async fn with_an_open_circuit_the_stale_answer_is_served_without_asking() {
    let site = Site::open(&site("fresh = \"1ms\"")).await;
    let _ = site.public.get("/menu").await.ok(200);
    site.backend.feels(Mood::HangsUp);
    for _ in 0..5 {
        let _ = site
            .public
            .get("/things")
            .await
            .problem(502, "upstream_unreachable");
    }
    let asked = site.backend.asked();
    let stale = site.public.get("/menu").await;
    assert_eq!(stale.header("x-degraded"), Some("stale"));
    let status = stale.header("cache-status").unwrap();
    assert!(
        status.contains("passe-plat; hit; detail=upstream_unavailable; ttl="),
        "{status}"
    );
    assert_eq!(site.backend.asked(), asked);
}

#[actix_web::test]
async fn without_a_good_answer_the_client_gets_the_problem() {
    let site = Site::open(SITE).await;
    site.backend.feels(Mood::HangsUp);
    let _ = site
        .public
        .get("/menu")
        .await
        .problem(502, "upstream_unreachable");
    site.backend.says("500 Internal Server Error", "sorry");
    let answer = site.public.get("/menu").await;
    assert_eq!(
        (answer.status.as_u16(), &answer.body[..]),
        (500, &b"sorry"[..])
    );
}

#[actix_web::test]
async fn an_answer_that_is_too_old_does_not_stand_in() {
    let config = SITE.replace("stale_if_error = \"1h\"", "stale_if_error = \"50ms\"");
    let site = Site::open(&config).await;
    let _ = site.public.get("/menu").await.ok(200);
    site.backend.feels(Mood::HangsUp);
    eventually("no answer that stands in", async || {
        (site.public.get("/menu").await.status != 200).then_some(())
    })
    .await;
}

#[actix_web::test]
async fn one_request_goes_out_for_any_number_of_clients() {
    let site = Site::open(&site("fresh = \"1h\"")).await;
    site.backend.feels(Mood::Holds("[1]".to_owned()));
    let all = (0..200).map(|_| site.public.request(Method::GET, "/menu").send());
    let all = join_all(all);
    let release = async {
        eventually("a request", async || {
            (site.backend.asked() == 1).then_some(())
        })
        .await;
        site.backend.release.notify_one();
    };
    let (answers, ()) = tokio::join!(all, release);
    for answer in &answers {
        assert_eq!((answer.status.as_u16(), answer.text()), (200, "[1]"));
    }
    assert_eq!(site.backend.asked(), 1);
}

#[actix_web::test]
async fn a_first_client_that_goes_away_does_not_affect_the_others() {
    let site = Site::open(&site("fresh = \"1h\"")).await;
    site.backend.feels(Mood::Silent);
    let mut gone = TcpStream::connect(site.public_addr).await.unwrap();
    let request = b"GET /menu HTTP/1.1\r\nhost: x\r\n\r\n";
    gone.write_all(request).await.unwrap();
    eventually("a request", async || {
        (site.backend.asked() == 1).then_some(())
    })
    .await;
    site.backend.says("200 OK", "[2]");
    let waiting = site.public.request(Method::GET, "/menu");
    let waiting = actix_web::rt::spawn(async move { waiting.send().await });
    // A clean end would only mean that it sends no more.
    gone.set_zero_linger().unwrap();
    drop(gone);
    assert_eq!(&waiting.await.unwrap().body[..], b"[2]");
}

#[actix_web::test]
async fn a_token_makes_an_answer_private_unless_the_row_is_shared() {
    for (keys, asked) in [("fresh = \"1h\"", 3), ("fresh = \"1h\", shared = true", 1)] {
        let site = Site::open(&site(keys)).await;
        let _ = site.public.get("/menu").await.ok(200);
        for token in ["a", "b"] {
            let request = site.public.request(Method::GET, "/menu").bearer(token);
            let _ = request.send().await.ok(200);
        }
        assert_eq!(site.backend.asked(), asked, "{keys}");
    }
}

#[actix_web::test]
async fn answers_that_vary_are_stored_separately() {
    let site = Site::open(&site("fresh = \"1h\", vary = [\"accept-language\"]")).await;
    site.backend.says("200 OK\r\nvary: Accept-Language", "[]");
    for (lang, asked) in [("fr", 1), ("en", 2), ("fr", 2)] {
        let request = site.public.request(Method::GET, "/menu");
        let _ = request.header("accept-language", lang).send().await.ok(200);
        assert_eq!(site.backend.asked(), asked);
    }
    // Answers to different queries are stored apart, too.
    let _ = site.public.get("/menu?x=1").await;
    assert_eq!(site.backend.asked(), 3);
}

#[actix_web::test]
async fn a_condition_is_judged_by_the_stored_answer_and_not_sent_on() {
    let site = Site::open(&site("fresh = \"1h\"")).await;
    site.backend.says("200 OK\r\netag: \"7\"", "[]");
    for (tag, status) in [("\"6\"", 200), ("W/\"7\"", 304), ("*", 304)] {
        let request = site.public.request(Method::GET, "/menu");
        let answer = request.header("if-none-match", tag).send().await;
        assert_eq!(answer.status, status, "{tag}");
        assert_eq!(answer.header("etag"), Some("\"7\""));
    }
    assert_eq!(site.backend.asked(), 1);
    assert!(!site.backend.last().contains("if-none-match"));
}

#[actix_web::test]
async fn head_is_answered_from_gets_stored_answer() {
    let site = Site::open(&site("fresh = \"1h\"")).await;
    let answer = site.public.request(Method::HEAD, "/menu").send().await;
    assert_eq!(answer.header("content-length"), Some("2"));
    assert!(answer.body.is_empty());
    assert!(site.backend.last().starts_with("GET /menu "));
    let _ = site.public.get("/menu").await.ok(200);
    assert_eq!(site.backend.asked(), 1);
}

#[actix_web::test]
async fn a_success_invalidates_stored_answers_and_a_failure_does_not() {
    let config = site("fresh = \"1h\"").replace(
        r#"to = "/things", outage = "error""#,
        r#"to = "/things", outage = "error", invalidates = ["/menu"]"#,
    );
    let site = Site::open(&config).await;
    let _ = site.public.get("/menu").await.ok(200);
    site.backend.says("400 Bad Request", "");
    let _ = site.public.post("/things", serde_json::json!({})).await;
    let _ = site.public.get("/menu").await.ok(200);
    assert_eq!(site.backend.asked(), 2);
    site.backend.says("201 Created", "{}");
    let _ = site.public.post("/things", serde_json::json!({})).await;
    site.backend.says("200 OK", "[9]");
    assert_eq!(&site.public.get("/menu").await.body[..], b"[9]");
    // It does not stand in either.
    site.backend.says("201 Created", "{}");
    let _ = site.public.post("/things", serde_json::json!({})).await;
    site.backend.feels(Mood::HangsUp);
    let answer = site.public.get("/menu").await;
    let _ = answer.problem(502, "upstream_unreachable");
}
