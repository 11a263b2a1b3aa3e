//! More requests than an upstream may have under way.

use actix_web::http::Method;
use service_kit::testing::eventually;

use super::{Mood, Site, site};

#[actix_web::test]
async fn a_request_beyond_the_limit_is_told_to_come_back_and_is_served_then() {
    let limit = "retries = 0\nconcurrency = { requests = 1, queue = 0 }";
    let site = Site::open(&site(limit)).await;
    site.backend.feels(Mood::Holds("done".to_owned()));
    let request = site.public.request(Method::GET, "/things");
    let first = actix_web::rt::spawn(async move { request.send().await });
    eventually("the first", async || {
        (site.backend.asked() == 1).then_some(())
    })
    .await;
    let told = site.operator.get("/status").await.ok(200);
    assert_eq!(told["upstreams"]["backend"]["inFlight"], 1);
    let refused = site.public.get("/things").await;
    let problem = refused.problem(503, "upstream_overloaded");
    assert_eq!(problem.service.as_deref(), Some("backend"));
    let limit = problem.limit.unwrap();
    assert_eq!(limit.name, "upstreams.backend.concurrency.requests");
    assert_eq!(limit.value, "1");
    assert_eq!(refused.header("retry-after"), Some("1"));
    site.backend.release.notify_one();
    assert_eq!(&first.await.unwrap().body[..], b"done");
    site.backend.says("200 OK", "next");
    let next = eventually("a free place", async || {
        let answer = site.public.get("/things").await;
        (answer.status == 200).then_some(answer)
    })
    .await;
    assert_eq!(&next.body[..], b"next");
    assert_eq!(site.backend.asked(), 2);
}

#[actix_web::test]
async fn a_waiting_request_gets_the_permit_that_becomes_free() {
    let limit = "retries = 0\nconcurrency = { requests = 1, queue = 9, wait = \"10s\" }";
    let site = Site::open(&site(limit)).await;
    site.backend.feels(Mood::Holds("done".to_owned()));
    let all: Vec<_> = (0..3)
        .map(|_| {
            let request = site.public.request(Method::GET, "/things");
            actix_web::rt::spawn(async move { request.send().await })
        })
        .collect();
    for turn in 1..=3 {
        eventually("the next", async || {
            (site.backend.asked() == turn).then_some(())
        })
        .await;
        site.backend.release.notify_one();
    }
    for one in all {
        assert_eq!(&one.await.unwrap().body[..], b"done");
    }
    // Never two at once.
    assert_eq!(site.backend.open.get().1, 1);
}

#[actix_web::test]
async fn nobody_waits_longer_than_configured() {
    let limit = "retries = 0\nconcurrency = { requests = 1, queue = 5, wait = \"20ms\" }";
    let site = Site::open(&site(limit)).await;
    site.backend.feels(Mood::Silent);
    let request = site.public.request(Method::GET, "/things");
    let _first = actix_web::rt::spawn(async move { request.send().await });
    eventually("the first", async || {
        (site.backend.asked() == 1).then_some(())
    })
    .await;
    let answer = site.public.get("/things").await;
    let _ = answer.problem(503, "upstream_overloaded");
    assert_eq!(site.backend.asked(), 1);
}
