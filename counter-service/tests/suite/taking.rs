//! Tests of taking a request: what is answered, and what is refused.

use actix_web::http::Method;
use actix_web::web::Bytes;
use service_kit::testing::assert_same_shape;
use shared_types::golden;

use super::upstream::Upstream;
use super::{Service, order, path};

#[actix_web::test]
async fn a_request_is_taken_with_an_id_and_a_place_to_follow_it() {
    let upstream = Upstream::stopped().await;
    let service = Service::start(&upstream).await;
    let answer = service.hand_in("203.0.113.7", &order(1)).await;
    let entry = answer.ok(202);
    let mut promise = entry.clone();
    // What the client sent is in it, too.
    for (name, value) in order(1).as_object().unwrap() {
        let sent = promise.as_object_mut().unwrap().remove(name);
        assert_eq!(sent.as_ref(), Some(value), "{name}");
    }
    assert_same_shape(&promise, golden::PROMISE);
    assert_eq!(entry["status"], "EN_ATTENTE_DE_CONFIRMATION");
    assert_eq!(answer.header("location"), Some(path(&entry).as_str()));
    assert_eq!(answer.header("content-language"), Some("fr"));
    let found = service.find(&entry).await;
    assert_same_shape(&found, golden::DEFERRED);
    assert_eq!(
        (&found["id"], &found["status"]),
        (&entry["id"], &"pending".into())
    );
    let id: uuid::Uuid = entry["id"].as_str().unwrap().parse().unwrap();
    assert_eq!(id.get_version_num(), 7);
}

#[actix_web::test]
async fn the_message_is_in_the_language_of_who_asks() {
    let upstream = Upstream::stopped().await;
    let service = Service::start(&upstream).await;
    let french = service.hand_in("203.0.113.7", &order(1)).await.ok(202);
    assert!(french["message"].as_str().unwrap().contains("conservée"));
    let read = service.request(Method::GET, &path(&french));
    let english = read.header("Accept-Language", "en").send().await;
    assert_eq!(english.header("content-language"), Some("en"));
    assert!(
        english.ok(200)["message"]
            .as_str()
            .unwrap()
            .contains("kept")
    );
}

#[actix_web::test]
async fn an_upstream_without_an_address_and_an_unknown_id_are_a_404() {
    let upstream = Upstream::stopped().await;
    let service = Service::start(&upstream).await;
    let refused = service.post("/deferred/kitchen/tickets", order(1)).await;
    let _ = refused.problem(404, "route_not_found");
    for id in ["0192f0c4-0a11-7000-8000-000000000001", "12"] {
        let unknown = service.get(&format!("/differe/{id}")).await;
        let _ = unknown.problem(404, "not_found");
        let unknown = service.delete(&format!("/differe/{id}")).await;
        let _ = unknown.problem(404, "not_found");
    }
    assert_eq!(service.waiting().await, 0);
}

#[actix_web::test]
async fn a_body_that_no_service_takes_is_a_413() {
    let upstream = Upstream::stopped().await;
    let service = Service::start(&upstream).await;
    let request = service.request(Method::POST, "/deferred/orders/commandes");
    let refused = request.send_body(Bytes::from(vec![b'a'; 200_000])).await;
    let _ = refused.problem(413, "payload_too_large");
    assert_eq!(service.waiting().await, 0);
}

#[actix_web::test]
async fn a_request_that_only_reads_is_not_taken() {
    let upstream = Upstream::stopped().await;
    let service = Service::start(&upstream).await;
    let refused = service.get("/deferred/orders/menu").await;
    let _ = refused.problem(405, "method_not_allowed");
    assert_eq!(refused.header("allow"), Some("POST, PUT, PATCH, DELETE"));
}

#[actix_web::test]
async fn the_queue_tells_how_many_wait_and_since_when() {
    let upstream = Upstream::stopped().await;
    let service = Service::start(&upstream).await;
    let empty = service.get("/deferred").await.ok(200);
    assert_eq!(empty, serde_json::json!({"waiting": 0}));
    let first = service.hand_in("203.0.113.7", &order(1)).await.ok(202);
    let _ = service.hand_in("203.0.113.8", &order(2)).await.ok(202);
    let queue = service.get("/deferred").await;
    let queue = queue.ok(200);
    assert_same_shape(&queue, golden::DEFERRED_QUEUE);
    assert_eq!(queue["waiting"], 2);
    assert_eq!(queue["oldest"], service.find(&first).await["createdAt"]);
}
