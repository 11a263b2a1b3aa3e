//! Tests of entries that waited too long, and of those that ended long ago.

use service_kit::testing::eventually;

use super::upstream::Upstream;
use super::{Service, order, path};

#[actix_web::test]
async fn a_request_that_waited_a_day_expires_and_is_not_sent() {
    let mut upstream = Upstream::stopped().await;
    let service = Service::start(&upstream).await;
    let entry = service.hand_in("203.0.113.7", &order(1)).await.ok(202);
    service
        .alter("UPDATE entries SET expires_at = expires_at - 86400000")
        .await;
    let expired = service.becomes(&entry, "expired").await;
    assert_eq!(expired["status"], "expired");
    assert!(
        expired["message"]
            .as_str()
            .unwrap()
            .contains("n'a pas été exécutée")
    );
    assert_eq!(service.count("request <> ''").await, 0);
    upstream.resume().await;
    let next = service.hand_in("203.0.113.7", &order(2)).await.ok(202);
    let _ = service.becomes(&next, "accepted").await;
    assert_eq!(upstream.made().len(), 1);
}

#[actix_web::test]
async fn an_expired_request_that_may_have_been_carried_out_says_so() {
    let upstream = Upstream::stopped().await;
    let service = Service::start(&upstream).await;
    let entry = service.hand_in("203.0.113.7", &order(1)).await.ok(202);
    service
        .alter("UPDATE entries SET unsure = 1, expires_at = expires_at - 86400000")
        .await;
    let expired = service.becomes(&entry, "expired").await;
    assert!(expired["message"].as_str().unwrap().contains("peut-être"));
}

#[actix_web::test]
async fn an_entry_is_deleted_a_day_after_its_end() {
    let upstream = Upstream::start().await;
    let service = Service::start(&upstream).await;
    let kept = service.hand_in("203.0.113.7", &order(1)).await.ok(202);
    let _ = service.becomes(&kept, "accepted").await;
    service
        .alter("UPDATE entries SET ended_at = ended_at - 86000000")
        .await;
    let again = Service::start_on(service.stop().await, &upstream).await;
    let _ = again.find(&kept).await;
    again
        .alter("UPDATE entries SET ended_at = ended_at - 400000")
        .await;
    let again = Service::start_on(again.stop().await, &upstream).await;
    eventually("its deletion", async || {
        (again.get(&path(&kept)).await.status == 404).then_some(())
    })
    .await;
}
