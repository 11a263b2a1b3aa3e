//! Tests of `Idempotency-Key`: a repeated request is one entry.

use actix_web::http::Method;
use futures_util::future::join_all;
use serde_json::json;

use super::upstream::Upstream;
use super::{Service, order};

const ADDRESS: &str = "203.0.113.7";

#[actix_web::test]
async fn a_repeat_gets_the_same_answer_and_nothing_new_is_kept() {
    let upstream = Upstream::stopped().await;
    let service = Service::start(&upstream).await;
    let first = service.send(ADDRESS, Some("a"), &order(1)).await;
    for _ in 0..3 {
        let again = service.send(ADDRESS, Some("a"), &order(1)).await;
        assert_eq!((again.status, &again.body), (first.status, &first.body));
        assert_eq!(again.header("location"), first.header("location"));
    }
    assert_eq!(service.waiting().await, 1);
}

#[actix_web::test]
async fn twenty_at_once_are_one_entry() {
    let upstream = Upstream::stopped().await;
    let service = Service::start(&upstream).await;
    let order = order(1);
    let answers = (0..20).map(|_| service.send(ADDRESS, Some("a"), &order));
    let answers = join_all(answers).await;
    for answer in &answers {
        assert_eq!(answer.ok(202), answers[0].ok(202));
    }
    assert_eq!(service.waiting().await, 1);
}

#[actix_web::test]
async fn the_same_body_spelled_otherwise_is_the_same_and_another_body_is_a_422() {
    let upstream = Upstream::stopped().await;
    let service = Service::start(&upstream).await;
    let (body, spelled) = (json!({"a": 1, "b": 2}), json!({"b": 2, "a": 1, "c": null}));
    let first = service.send(ADDRESS, Some("a"), &body).await.ok(202);
    let again = service.send(ADDRESS, Some("a"), &spelled).await.ok(202);
    assert_eq!(again["id"], first["id"]);
    // So is a limit on the total.
    let request = service.request(Method::POST, "/deferred/orders/commandes");
    let request = request.header("X-Forwarded-For", ADDRESS);
    let request = request.header("Idempotency-Key", "a");
    let request = request.header("X-Max-Total", "1.00");
    let limited = request.send_json(body).await;
    let _ = limited.problem(422, "idempotency_key_reused");
    let other = service.send(ADDRESS, Some("a"), &order(2)).await;
    let _ = other.problem(422, "idempotency_key_reused");
    assert_eq!(service.waiting().await, 1);
}

#[actix_web::test]
async fn another_client_with_the_same_key_is_another() {
    let upstream = Upstream::stopped().await;
    let service = Service::start(&upstream).await;
    let first = service.send(ADDRESS, Some("a"), &order(1)).await.ok(202);
    let other = service.send("203.0.113.8", Some("a"), &order(2)).await;
    assert_ne!(other.ok(202)["id"], first["id"]);
}

#[actix_web::test]
async fn a_malformed_key_is_a_400_that_keeps_nothing() {
    let upstream = Upstream::stopped().await;
    let service = Service::start(&upstream).await;
    for key in ["", "a b", &"k".repeat(256)] {
        let refused = service.send(ADDRESS, Some(key), &order(1)).await;
        let problem = refused.problem(400, "validation_failed");
        assert_eq!(problem.errors[0].field, "Idempotency-Key");
    }
    assert_eq!(service.waiting().await, 0);
}

#[actix_web::test]
async fn a_repeat_after_the_delivery_gets_what_became_of_it() {
    let upstream = Upstream::start().await;
    let service = Service::start(&upstream).await;
    let entry = service.send(ADDRESS, Some("a"), &order(1)).await.ok(202);
    let accepted = service.becomes(&entry, "accepted").await;
    let again = service.send(ADDRESS, Some("a"), &order(1)).await.ok(202);
    assert_eq!(again, accepted);
    assert_eq!(upstream.made().len(), 1);
}
