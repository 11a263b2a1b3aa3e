//! Tests of repeats: which answers are final, and what a lost answer means.

use super::upstream::{Reply, Upstream};
use super::{Service, order};

#[actix_web::test]
async fn an_answer_that_is_not_final_is_followed_by_a_repeat_with_the_same_key_and_id() {
    for status in [408, 425, 429, 500, 502, 503, 504] {
        let upstream = Upstream::start().await;
        upstream.answer(move |_| Reply::Status(status));
        let service = Service::start(&upstream).await;
        let entry = service.hand_in("203.0.113.7", &order(1)).await.ok(202);
        upstream.hears(2).await;
        assert_eq!(service.find(&entry).await["status"], "pending", "{status}");
        upstream.answer(|_| Reply::Made);
        let _ = service.becomes(&entry, "accepted").await;
        for arrival in upstream.arrivals() {
            let id = entry["id"].as_str();
            assert_eq!(arrival.header("idempotency-key"), id, "{status}");
            assert_eq!(arrival.header("x-deferred-id"), id, "{status}");
        }
        assert_eq!(upstream.made().len(), 1);
    }
}

#[actix_web::test]
async fn a_final_refusal_is_not_repeated() {
    for status in [400, 401, 403, 404, 409, 422] {
        let upstream = Upstream::start().await;
        upstream.answer(move |_| Reply::Status(status));
        let service = Service::start(&upstream).await;
        let entry = service.hand_in("203.0.113.7", &order(1)).await.ok(202);
        let _ = service.becomes(&entry, "refused").await;
        assert_eq!(upstream.arrivals().len(), 1, "{status}");
    }
}

#[actix_web::test]
async fn an_order_whose_answer_was_lost_is_made_once() {
    let mut upstream = Upstream::start().await;
    upstream.answer(|_| Reply::Lost);
    let service = Service::start(&upstream).await;
    let entry = service
        .send("203.0.113.7", Some("mine"), &order(1))
        .await
        .ok(202);
    upstream.hears(1).await;
    upstream.stop().await;
    upstream.answer(|_| Reply::Made);
    upstream.resume().await;
    let _ = service.becomes(&entry, "accepted").await;
    assert_eq!(upstream.made().len(), 1);
    let keys = upstream.arrivals();
    let keys = keys.iter().map(|arrival| arrival.header("idempotency-key"));
    assert!(keys.clone().count() >= 2 && { keys }.all(|key| key == Some("mine")));
}

#[actix_web::test]
async fn an_upstream_that_hangs_is_given_up_after_a_deadline() {
    let upstream = Upstream::start().await;
    upstream.answer(|_| Reply::Held);
    let service = Service::start(&upstream).await;
    let entry = service.hand_in("203.0.113.7", &order(1)).await.ok(202);
    upstream.hears(2).await;
    upstream.answer(|_| Reply::Made);
    let _ = service.becomes(&entry, "accepted").await;
    assert_eq!(upstream.made().len(), 1);
}
