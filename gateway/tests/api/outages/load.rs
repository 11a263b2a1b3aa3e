//! More requests than an upstream may have under way.

use actix_web::http::Method;
use service_kit::testing::eventually;

use super::{Mood, Site, site};

#[actix_web::test]
async fn a_request_too_many_waits_its_turn_or_is_told_to_come_back() {
    let limit = "retries = 0\nconcurrency = { requests = 1, queue = 1, wait = \"10s\" }";
    let site = Site::open(&site(limit)).await;
    site.backend.feels(Mood::Holds("done".to_owned()));
    let send = || {
        let request = site.public.request(Method::GET, "/things");
        actix_web::rt::spawn(async move { request.send().await })
    };
    let first = send();
    eventually("the first", async || {
        (site.backend.asked() == 1).then_some(())
    })
    .await;
    let second = send();
    let refused = eventually("a full queue", async || {
        let told = site.operator.get("/status").await.ok(200);
        assert_eq!(told["upstreams"]["backend"]["inFlight"], 1);
        // The second may be on its way still, and this one in its place until it is given up.
        let request = site.public.request(Method::GET, "/things");
        let answer = tokio::time::timeout(std::time::Duration::from_millis(200), request.send());
        answer.await.ok().filter(|answer| answer.status == 503)
    })
    .await;
    let problem = refused.problem(503, "upstream_overloaded");
    assert_eq!(problem.service.as_deref(), Some("backend"));
    assert_eq!(refused.header("retry-after"), Some("1"));
    site.backend.release.notify_one();
    assert_eq!(&first.await.unwrap().body[..], b"done");
    eventually("the second", async || {
        (site.backend.asked() >= 2).then_some(())
    })
    .await;
    site.backend.release.notify_one();
    assert_eq!(&second.await.unwrap().body[..], b"done");
    assert_eq!(site.backend.open.get().1, 1);
}

#[actix_web::test]
async fn nobody_waits_longer_than_told() {
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
