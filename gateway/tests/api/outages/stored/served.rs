//! Stored answers as a client gets them, and the effect of its own wishes.

use actix_web::http::Method;
use service_kit::testing::Answer;

use super::super::{Mood, Site};
use super::{FRESH, open};

async fn get(site: &Site, name: &str, value: &str) -> Answer {
    let request = site.public.request(Method::GET, "/menu");
    request.header(name, value).send().await
}

#[actix_web::test]
async fn the_first_answer_is_as_old_as_the_upstream_says() {
    let site = open(FRESH).await;
    site.backend.says("200 OK\r\nage: 40", "[]");
    for _ in 0..2 {
        let answer = site.public.get("/menu").await;
        let age: u64 = answer.header("age").unwrap().parse().unwrap();
        assert!((40..50).contains(&age), "{age}");
    }
}

#[actix_web::test]
async fn a_client_that_has_the_answer_by_its_date_is_told_so() {
    let site = open(FRESH).await;
    site.backend.says(
        "200 OK\r\nlast-modified: Sun, 06 Nov 1994 08:49:37 GMT\r\netag: \"7\"",
        "[]",
    );
    let _ = site.public.get("/menu").await.ok(200);
    for (since, status) in [
        ("Sun, 06 Nov 1994 08:49:36 GMT", 200),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 304),
        ("Mon, 07 Nov 1994 08:49:37 GMT", 304),
        ("tomorrow", 200),
    ] {
        let answer = get(&site, "if-modified-since", since).await;
        assert_eq!(answer.status, status, "{since}");
        assert_eq!(answer.header("etag"), Some("\"7\""));
        assert_eq!(answer.body.is_empty(), status == 304);
    }
    // A tag takes precedence over a date.
    let request = site.public.request(Method::GET, "/menu");
    let request = request.header("if-none-match", "\"6\"");
    let answer = request.header("if-modified-since", "Mon, 07 Nov 1994 08:49:37 GMT");
    assert_eq!(answer.send().await.status, 200);
    assert_eq!(site.backend.asked(), 1);
}

#[actix_web::test]
async fn a_range_is_answered_with_the_whole() {
    let site = open(FRESH).await;
    site.backend.says("200 OK", "0123456789");
    for _ in 0..2 {
        let answer = get(&site, "range", "bytes=0-3").await;
        assert_eq!(
            (answer.status.as_u16(), &answer.body[..]),
            (200, &b"0123456789"[..])
        );
    }
    assert_eq!(site.backend.asked(), 1);
    assert!(!site.backend.last().contains("range"));
}

#[actix_web::test]
async fn no_encoding_is_asked_for_so_that_all_can_read_the_answer() {
    let site = open(FRESH).await;
    site.backend.says("200 OK\r\nvary: Accept-Encoding", "[]");
    for encoding in ["gzip", "br", "identity"] {
        let _ = get(&site, "accept-encoding", encoding).await.ok(200);
    }
    assert_eq!(site.backend.asked(), 1);
    assert!(!site.backend.last().contains("accept-encoding"));
}

#[actix_web::test]
async fn only_if_cached_gets_only_a_stored_answer() {
    let site = open(FRESH).await;
    let answer = get(&site, "cache-control", "only-if-cached").await;
    let _ = answer.problem(504, "not_stored");
    assert_eq!(site.backend.asked(), 0);
    let _ = site.public.get("/menu").await.ok(200);
    let answer = get(&site, "cache-control", "max-stale, Only-If-Cached").await;
    let _ = answer.ok(200);
    assert_eq!(site.backend.asked(), 1);
}

#[actix_web::test]
async fn no_client_can_make_each_of_its_requests_one_to_the_upstream() {
    let site = open(FRESH).await;
    let _ = site.public.get("/menu").await.ok(200);
    for (name, value) in [
        ("cache-control", "no-cache"),
        ("cache-control", "no-store"),
        ("cache-control", "max-age=0"),
        ("cache-control", "min-fresh=86400"),
        ("pragma", "no-cache"),
    ] {
        let answer = get(&site, name, value).await;
        let status = answer.header("cache-status").unwrap();
        assert!(status.contains("hit"), "{name}: {value}: {status}");
    }
    assert_eq!(site.backend.asked(), 1);
}

#[actix_web::test]
async fn a_request_that_keeps_returning_is_a_loop() {
    let site = open(r#"stale_if_error = "1h""#).await;
    for passages in 0..3 {
        let via = vec!["1.1 passe-plat"; passages].join(", ");
        let _ = get(&site, "via", &via).await.ok(200);
        let told = site.backend.last();
        let expected = vec!["1.1 passe-plat"; passages + 1].join(", ");
        assert!(told.contains(&format!("via: {expected}\r\n")), "{told}");
    }
    let via = ["1.1 passe-plat"; 6].join(", ");
    let _ = get(&site, "via", &via).await.problem(508, "loop_detected");
    // `/status` knows it whichever way it has come.
    site.backend.feels(Mood::HangsUp);
    let stale = site.public.get("/menu").await;
    assert_eq!(stale.header("x-degraded"), Some("stale"));
}
