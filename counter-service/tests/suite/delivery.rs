//! Tests of the delivery: what the upstream gets, and what the client sees of its answer.

use actix_web::http::Method;

use super::upstream::{Reply, Upstream};
use super::{Service, order};

#[actix_web::test]
async fn a_request_arrives_as_it_was_sent_once_the_upstream_is_back() {
    let mut upstream = Upstream::stopped().await;
    let service = Service::start(&upstream).await;
    let request = service.request(Method::PUT, "/deferred/orders/a%2Fb/c?x=1%202");
    let request = request
        .header("Authorization", "Bearer s3cret")
        .header("X-Max-Total", "20")
        .header("X-Request-Id", "abc")
        .header("Accept-Language", "en")
        .header("X-Peer-Secret", "forged")
        .header("X-Deferred-Id", "forged");
    let entry = request.send_json(order(1)).await.ok(202);
    upstream.resume().await;
    let _ = service.becomes(&entry, "accepted").await;
    let arrival = upstream.arrivals().remove(0);
    assert_eq!(arrival.method, "PUT");
    assert_eq!(arrival.target, "/a%2Fb/c?x=1%202");
    assert_eq!(arrival.body, order(1));
    for (name, value) in [
        ("authorization", Some("Bearer s3cret")),
        ("x-max-total", Some("20")),
        ("x-request-id", Some("abc")),
        ("accept-language", Some("en")),
        ("content-type", Some("application/json")),
        ("x-deferred-id", entry["id"].as_str()),
        ("idempotency-key", entry["id"].as_str()),
        ("x-peer-secret", None),
    ] {
        assert_eq!(arrival.header(name), value, "{name}");
    }
}

#[actix_web::test]
async fn an_accepted_request_shows_the_answer() {
    let upstream = Upstream::start().await;
    let service = Service::start(&upstream).await;
    let entry = service.hand_in("203.0.113.7", &order(7)).await.ok(202);
    let accepted = service.becomes(&entry, "accepted").await;
    assert_eq!(accepted["status"], "accepted");
    assert_eq!(accepted["result"]["number"], 7);
    assert_eq!(accepted["result"]["id"], entry["id"]);
    assert!(accepted.get("problem").is_none());
    assert_eq!(service.waiting().await, 0);
}

#[actix_web::test]
async fn a_refused_request_shows_the_problem() {
    let upstream = Upstream::start().await;
    upstream.answer(|_| Reply::Status(409));
    let service = Service::start(&upstream).await;
    let entry = service.hand_in("203.0.113.7", &order(1)).await.ok(202);
    let refused = service.becomes(&entry, "refused").await;
    assert_eq!(refused["status"], "refused");
    assert_eq!(refused["problem"]["code"], "scripted");
    assert!(refused.get("result").is_none());
    assert_eq!(upstream.arrivals().len(), 1);
}

#[actix_web::test]
async fn an_upstream_that_is_away_is_asked_whether_it_is_back_before_anything_is_sent() {
    let mut upstream = Upstream::stopped().await;
    let service = Service::start(&upstream).await;
    for number in 0..50 {
        let address = format!("203.0.113.{number}");
        let _ = service.hand_in(&address, &order(number)).await.ok(202);
    }
    upstream.resume().await;
    upstream.hears(50).await;
    assert!(upstream.probes() >= 1);
    service_kit::testing::eventually("an empty queue", async || {
        (service.waiting().await == 0).then_some(())
    })
    .await;
    assert_eq!(upstream.arrivals().len(), 50);
}

#[actix_web::test]
async fn a_request_is_forgotten_when_it_has_ended() {
    let upstream = Upstream::start().await;
    let service = Service::start(&upstream).await;
    let entry = service.hand_in("203.0.113.7", &order(1)).await.ok(202);
    let _ = service.becomes(&entry, "accepted").await;
    assert_eq!(service.count("request <> ''").await, 0);
    assert_eq!(service.count("request = ''").await, 1);
}
