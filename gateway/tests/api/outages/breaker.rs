//! The circuit breaker: a failing upstream is not asked for a while, and then asked again.

use service_kit::testing::eventually;

use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use super::{Mood, Site, site};
use crate::scripted::{raw, read_head, serving};
use crate::start;

/// Longer than any test.
const OPEN: &str = "retries = 0\nbreaker = { failures = 3, open = \"1h\" }";

#[actix_web::test]
async fn after_a_few_failures_the_upstream_is_not_asked_and_the_client_is_told_when_to_come_back() {
    let site = Site::open(&site(OPEN)).await;
    site.backend.feels(Mood::HangsUp);
    for _ in 0..3 {
        let _ = site
            .public
            .get("/things")
            .await
            .problem(502, "upstream_unreachable");
    }
    let answer = site.public.get("/things").await;
    let problem = answer.problem(503, "upstream_unavailable");
    assert_eq!(problem.service.as_deref(), Some("backend"));
    assert_eq!(
        problem.detail,
        "Le service ne répond pas. Réessayez dans quelques secondes."
    );
    let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((3590..=3600).contains(&wait), "{wait}");
    assert_eq!(site.backend.asked(), 3);
}

#[actix_web::test]
async fn an_upstream_that_answers_502_503_or_504_counts_as_down_and_other_errors_do_not() {
    for (status, opens) in [
        ("502 Bad Gateway", true),
        ("503 Service Unavailable", true),
        ("504 Gateway Timeout", true),
        ("500 Internal Server Error", false),
        ("429 Too Many Requests", false),
        ("404 Not Found", false),
    ] {
        let site = Site::open(&site(OPEN)).await;
        site.backend.says(status, "sorry");
        for _ in 0..3 {
            // The upstream's answer is still relayed.
            let answer = site.public.get("/things").await;
            assert_eq!(&answer.body[..], b"sorry", "{status}");
        }
        let answer = site.public.get("/things").await;
        let is_open = answer.status == 503 && answer.header("retry-after").is_some();
        assert_eq!(is_open, opens, "{status}");
    }
}

#[actix_web::test]
async fn an_upstream_that_hangs_is_not_asked_after_a_few_requests() {
    let config = site(OPEN).replace("timeout = \"10s\"", "timeout = \"50ms\"");
    let site = Site::open(&config).await;
    site.backend.feels(Mood::Silent);
    for _ in 0..3 {
        let _ = site
            .public
            .get("/things")
            .await
            .problem(504, "upstream_timeout");
    }
    let _ = site
        .public
        .get("/things")
        .await
        .problem(503, "upstream_unavailable");
}

#[actix_web::test]
async fn an_answer_that_breaks_off_counts_as_a_failure() {
    let breaker = "breaker = { failures = 1000, percent = 50, minimum = 4, open = \"1h\" }";
    let backend = serving(|mut stream| async move {
        read_head(&mut stream).await;
        let half = b"HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\nhalf";
        stream.write_all(half).await.unwrap();
    })
    .await;
    let gateway = start(&site(&format!("retries = 0\n{breaker}")), backend);
    eventually("an open circuit", async || {
        let request = b"GET /things HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
        let answer = raw(gateway, request, "nothing that comes").await;
        answer.starts_with("HTTP/1.1 503").then_some(())
    })
    .await;
}

#[actix_web::test]
async fn after_the_open_time_one_request_at_a_time_is_a_trial() {
    let breaker = "retries = 0\nbreaker = { failures = 1, open = \"10ms\" }";
    let site = Site::open(&site(breaker)).await;
    site.backend.feels(Mood::HangsUp);
    let _ = site
        .public
        .get("/things")
        .await
        .problem(502, "upstream_unreachable");
    site.backend.feels(Mood::Holds("back".to_owned()));
    let asked = site.backend.asked();
    let public = site.public.clone();
    let probe = actix_web::rt::spawn(async move {
        eventually("a request that goes through", async || {
            let answer = public.get("/things").await;
            (answer.status == 200).then_some(answer)
        })
        .await
    });
    eventually("a probe", async || {
        (site.backend.asked() > asked).then_some(())
    })
    .await;
    for _ in 0..5 {
        let _ = site
            .public
            .get("/things")
            .await
            .problem(503, "upstream_unavailable");
    }
    site.backend.says("200 OK", "back");
    site.backend.release.notify_one();
    assert_eq!(&probe.await.unwrap().body[..], b"back");
    let _ = site.public.get("/things").await;
    assert_eq!(site.backend.asked(), asked + 2);
}

#[actix_web::test]
async fn a_trial_that_takes_an_hour_lets_another_one_through() {
    let breaker = "retries = 0\nbreaker = { failures = 1, open = \"10ms\" }";
    let site =
        Site::open(&site(breaker).replace("\ntimeout = \"10s\"", "\ntimeout = \"1h\"")).await;
    site.backend.feels(Mood::HangsUp);
    let _ = site
        .public
        .get("/things")
        .await
        .problem(502, "upstream_unreachable");
    site.backend.feels(Mood::Silent);
    let public = site.public.clone();
    let asked = site.backend.asked();
    let endless = actix_web::rt::spawn(async move {
        eventually("a request that goes through", async || {
            let answer = public.get("/things").await;
            (answer.status != 503).then_some(())
        })
        .await
    });
    eventually("the trial", async || {
        (site.backend.asked() > asked).then_some(())
    })
    .await;
    site.backend.says("200 OK", "[]");
    eventually("another trial", async || {
        (site.public.get("/things").await.status == 200).then_some(())
    })
    .await;
    // It is well for everybody from then on, while the first request still waits.
    for _ in 0..5 {
        let _ = site.public.get("/things").await;
        let _ = site.public.get("/menu").await.ok(200);
    }
    assert!(!endless.is_finished());
    endless.abort();
}

#[actix_web::test]
async fn a_client_that_never_sends_its_body_keeps_no_healthy_upstream_shut() {
    let breaker = "retries = 0\nbreaker = { failures = 1, open = \"10ms\" }";
    let site = Site::open(&site(breaker)).await;
    site.backend.feels(Mood::HangsUp);
    let _ = site
        .public
        .get("/things")
        .await
        .problem(502, "upstream_unreachable");
    site.backend.says("200 OK", "back");
    let mut slow = Vec::new();
    for _ in 0..3 {
        let mut stream = TcpStream::connect(site.public_addr).await.unwrap();
        let head = "POST /things HTTP/1.1\r\nhost: a\r\ncontent-length: 60000\r\n\r\n{";
        stream.write_all(head.as_bytes()).await.unwrap();
        slow.push(stream);
    }
    eventually("a request that goes through", async || {
        (site.public.get("/things").await.status == 200).then_some(())
    })
    .await;
}

#[actix_web::test]
async fn a_probe_finds_an_outage_and_its_end_without_any_request() {
    let breaker = "retries = 0\nprobe = \"/ready\"\nbreaker = { failures = 1, open = \"10ms\" }";
    let site = Site::open(&site(breaker)).await;
    let is = async |status: &str| {
        let told = site.public.get("/status").await.ok(200);
        (told["features"]["things"]["status"] == status).then_some(())
    };
    eventually("up", async || is("up").await).await;
    site.backend.says("503 Service Unavailable", "");
    eventually("down", async || is("down").await).await;
    let _ = site
        .public
        .get("/things")
        .await
        .problem(503, "upstream_unavailable");
    site.backend.says("204 No Content", "");
    eventually("up again", async || is("up").await).await;
    let seen = site.backend.seen.borrow();
    assert!(
        seen.iter().all(|head| head.starts_with("GET /ready ")),
        "{seen:?}"
    );
    // One probe at a time.
    assert_eq!(site.backend.open.get().1, 1);
}

#[actix_web::test]
async fn a_clients_own_fault_does_not_count_against_the_upstream() {
    let breaker = "retries = 0\nbreaker = { failures = 1, open = \"1h\" }";
    let site = Site::open(&site(breaker)).await;
    let body = "x".repeat(70 * 1024);
    let answer = site.public.post("/things", serde_json::json!(body)).await;
    let _ = answer.problem(413, "payload_too_large");
    let _ = site.public.get("/things").await.ok(200);
}
