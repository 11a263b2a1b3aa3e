//! Tests of `DELETE /differe/{id}`: withdrawn or delivered, never both.

use actix_web::http::Method;
use futures_util::future::join;

use super::upstream::{Reply, Upstream};
use super::{Service, order, path};

#[actix_web::test]
async fn a_request_that_waits_is_withdrawn_and_never_sent() {
    let mut upstream = Upstream::stopped().await;
    let service = Service::start(&upstream).await;
    let withdrawn = service.hand_in("203.0.113.7", &order(1)).await.ok(202);
    let kept = service.hand_in("203.0.113.7", &order(2)).await.ok(202);
    for _ in 0..2 {
        let answer = service.delete(&path(&withdrawn)).await.ok(200);
        assert_eq!(answer["status"], "withdrawn");
    }
    upstream.resume().await;
    let _ = service.becomes(&kept, "accepted").await;
    assert_eq!(service.find(&withdrawn).await["status"], "withdrawn");
    assert_eq!(upstream.arrivals().len(), 1);
}

#[actix_web::test]
async fn a_request_that_is_under_way_or_has_ended_is_not_withdrawn() {
    let upstream = Upstream::start().await;
    upstream.answer(|_| Reply::Held);
    let service = Service::start(&upstream).await;
    let entry = service.hand_in("203.0.113.7", &order(1)).await.ok(202);
    upstream.hears(1).await;
    let refused = service.delete(&path(&entry)).await;
    let _ = refused.problem(409, "impossible_transition");
    upstream.answer(|_| Reply::Made);
    let _ = service.becomes(&entry, "accepted").await;
    let refused = service.delete(&path(&entry)).await;
    let _ = refused.problem(409, "impossible_transition");
}

#[actix_web::test]
async fn a_request_that_may_have_been_carried_out_is_not_withdrawn() {
    let mut upstream = Upstream::start().await;
    upstream.answer(|_| Reply::Lost);
    let service = Service::start(&upstream).await;
    let entry = service.hand_in("203.0.113.7", &order(1)).await.ok(202);
    upstream.hears(1).await;
    upstream.stop().await;
    service_kit::testing::eventually("a note of the lost answer", async || {
        (service.count("unsure = 1 AND leased_until = 0").await == 1).then_some(())
    })
    .await;
    let refused = service.delete(&path(&entry)).await;
    let _ = refused.problem(409, "impossible_transition");
    // The same where the gateway says so.
    let request = service.request(Method::POST, "/deferred/orders/commandes");
    let request = request.header("X-Deferred-Sent", "true");
    let sent_before = request.send_json(order(2)).await.ok(202);
    let refused = service.delete(&path(&sent_before)).await;
    let _ = refused.problem(409, "impossible_transition");
}

#[actix_web::test]
async fn a_withdrawal_and_a_delivery_at_once_have_one_winner() {
    let upstream = Upstream::start().await;
    let service = Service::start(&upstream).await;
    let (mut withdrawn, mut accepted) = (0, 0);
    for number in 0..40 {
        let address = format!("203.0.113.{number}");
        let entry = service.hand_in(&address, &order(number)).await.ok(202);
        let path = path(&entry);
        let (answer, _) = join(service.delete(&path), service.get(&path)).await;
        if answer.status == 200 {
            withdrawn += 1;
            assert_eq!(service.find(&entry).await["status"], "withdrawn");
        } else {
            let _ = answer.problem(409, "impossible_transition");
            accepted += 1;
            let _ = service.becomes(&entry, "accepted").await;
        }
    }
    assert_eq!(withdrawn + accepted, 40);
    assert_eq!(upstream.made().len(), accepted);
}
