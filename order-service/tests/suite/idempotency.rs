//! Tests of `Idempotency-Key`: a repeated request makes one order.

use actix_web::http::Method;
use actix_web::http::header::HeaderValue;
use futures_util::future::join_all;
use serde_json::{Value, json};
use service_kit::testing::Answer;
use shared_types::golden;

use super::linked::{Linked, waiting};
use super::subscriber::Subscriber;
use super::{CLIENT, Service, TART, config, new_order, order_of, path};
use crate::TestDatabase;

const HEADER: &str = "Idempotency-Key";

/// `POST /commandes` with a key.
async fn place(service: &Service, key: &str, body: &str) -> Answer {
    let request = service.request(Method::POST, "/commandes");
    request.header(HEADER, key).send_json(body).await
}

fn body() -> String {
    new_order().to_string()
}

async fn count(service: &Service) -> usize {
    let orders = service.get("/commandes").await.ok(200);
    orders.as_array().unwrap().len()
}

#[track_caller]
fn assert_same(first: &Answer, again: &Answer) {
    let _ = first.ok(201);
    assert_eq!((again.status, &again.body), (first.status, &first.body));
    assert_eq!(again.header("content-type"), first.header("content-type"));
}

#[actix_web::test]
async fn a_repeat_is_given_the_first_answer_byte_for_byte() {
    let service = Service::start(true).await;
    let first = place(&service, "a", &body()).await;
    for _ in 0..3 {
        assert_same(&first, &place(&service, "a", &body()).await);
    }
    assert_eq!(count(&service).await, 1);
}

#[actix_web::test]
async fn another_key_or_none_makes_another_order() {
    let service = Service::start(true).await;
    for key in ["a", "b", "A"] {
        let _ = place(&service, key, &body()).await.ok(201);
    }
    for _ in 0..2 {
        let _ = service.order().await;
    }
    assert_eq!(count(&service).await, 5);
}

#[actix_web::test]
async fn the_same_body_spelled_otherwise_is_the_same() {
    let service = Service::start(true).await;
    let first =
        format!(r#"{{"clientId":"{CLIENT}","items":[{{"menuId":"{TART}","quantite":2}}]}}"#);
    let spelled = format!(
        "\n{{ \"items\": [ {{\t\"quantite\": 2, \"menuId\": \"{TART}\" }} ],\r\n \"client\\u0049d\": \"{CLIENT}\" }}"
    );
    let first = place(&service, "a", &first).await;
    assert_same(&first, &place(&service, "a", &spelled).await);
    assert_eq!(count(&service).await, 1);
}

#[actix_web::test]
async fn another_body_under_the_same_key_is_a_422() {
    let service = Service::start(true).await;
    let _ = place(&service, "a", &body()).await.ok(201);
    let other = order_of(json!([{"menuId": TART, "quantite": 3}])).to_string();
    let refused = place(&service, "a", &other).await;
    let _ = refused.problem(422, "idempotency_key_reused");
    assert_eq!(count(&service).await, 1);
}

#[actix_web::test]
async fn a_request_that_failed_leaves_its_key_free() {
    let service = Service::start(true).await;
    let unknown = "0192f0c4-0a11-7000-8000-00000000ffff";
    for refused in [
        json!({}),
        order_of(json!([])),
        order_of(json!([{"menuId": TART, "quantite": 100}])),
        order_of(json!([{"menuId": unknown, "quantite": 1}])),
    ] {
        let answer = place(&service, "a", &refused.to_string()).await;
        let _ = answer.problem(400, "validation_failed");
    }
    let first = place(&service, "a", &body()).await;
    assert_same(&first, &place(&service, "a", &body()).await);
}

#[track_caller]
fn assert_key_refused(answer: &Answer) {
    let problem = answer.problem(400, "validation_failed");
    assert_eq!(problem.errors[0].field, HEADER);
    assert!(problem.message.contains(HEADER), "{}", problem.message);
}

#[actix_web::test]
async fn a_malformed_key_is_a_400_that_makes_no_order() {
    let service = Service::start(true).await;
    for key in ["", " ", "a b", "\t", &"k".repeat(256)] {
        assert_key_refused(&place(&service, key, &body()).await);
    }
    let twice = service.request(Method::POST, "/commandes");
    let twice = twice.header(HEADER, "a").header(HEADER, "a");
    assert_key_refused(&twice.send_json(new_order()).await);
    assert_eq!(count(&service).await, 0);
    let _ = place(&service, &"k".repeat(255), &body()).await.ok(201);
}

#[actix_web::test]
async fn a_key_that_is_not_ascii_is_a_400() {
    let config = config(&TestDatabase::fresh(), true);
    let application = order_service::build(config).await.unwrap();
    let url = format!("http://{}/commandes", application.addr());
    actix_web::rt::spawn(application.run_until(std::future::pending()));
    let key = HeaderValue::from_bytes("clé".as_bytes()).unwrap();
    let request = awc::Client::default()
        .post(url)
        .insert_header((HEADER, key));
    let mut answer = request.send_json(&new_order()).await.unwrap();
    assert_eq!(answer.status(), 400);
    let problem: Value = answer.json().await.unwrap();
    assert_eq!(problem["errors"][0]["field"], HEADER);
}

#[actix_web::test]
async fn twenty_at_once_make_one_order_and_get_the_same_answer() {
    let service = Service::start(true).await;
    let body = body();
    for key in ["a", "b", "c"] {
        let answers = join_all((0..20).map(|_| place(&service, key, &body))).await;
        for answer in &answers {
            assert_same(&answers[0], answer);
        }
    }
    assert_eq!(count(&service).await, 3);
}

#[actix_web::test]
async fn a_key_is_forgotten_after_a_day() {
    let service = Service::start(true).await;
    let first = place(&service, "a", &body()).await;
    service
        .alter("UPDATE idempotency_keys SET created_at = created_at - 86000000")
        .await;
    assert_same(&first, &place(&service, "a", &body()).await);
    service
        .alter("UPDATE idempotency_keys SET created_at = created_at - 400000")
        .await;
    let other = order_of(json!([{"menuId": TART, "quantite": 3}])).to_string();
    let second = place(&service, "a", &other).await;
    assert_ne!(second.ok(201)["id"], first.ok(201)["id"]);
    assert_same(&second, &place(&service, "a", &other).await);
    assert_eq!(count(&service).await, 2);
}

#[actix_web::test]
async fn a_repeat_is_given_the_first_answer_although_the_order_has_moved_on() {
    let service = Service::start(true).await;
    let first = place(&service, "a", &body()).await;
    let order = first.ok(201);
    let moved = service.change(&order, "PRETE").await.ok(200);
    assert_same(&first, &place(&service, "a", &body()).await);
    assert_eq!(service.get(&path(&order)).await.ok(200), moved);
}

#[actix_web::test]
async fn a_repeated_request_sends_one_event() {
    let kitchen = Subscriber::start().await;
    let service = Linked::start(&kitchen, None).await;
    let order = place(&service, "a", &body()).await.ok(201);
    kitchen.receives(&order, &["EN_ATTENTE"]).await;
    let _ = place(&service, "a", &body()).await.ok(201);
    let _ = service.change(&order, "PRETE").await.ok(200);
    kitchen.receives(&order, &["EN_ATTENTE", "PRETE"]).await;
    service.nothing_waits().await;
    assert_eq!(waiting(&service.stop().await).await, 0);
    assert_eq!(kitchen.arrivals().len(), 2);
}

async fn add_dish(service: &Service, key: &str, body: &str) -> Answer {
    let request = service.request(Method::POST, "/menu");
    request.header(HEADER, key).send_json(body).await
}

async fn dishes(service: &Service) -> usize {
    let menu = service.get("/menu").await.ok(200);
    menu.as_array().unwrap().len()
}

#[actix_web::test]
async fn a_dish_whose_request_is_repeated_is_added_once() {
    let service = Service::start(false).await;
    let first = add_dish(&service, "a", golden::NEW_DISH).await;
    let repeats = (0..8).map(|_| add_dish(&service, "a", golden::NEW_DISH));
    for again in join_all(repeats).await {
        assert_same(&first, &again);
    }
    assert_eq!(dishes(&service).await, 1);
    let _ = add_dish(&service, "b", golden::NEW_DISH).await.ok(201);
    assert_eq!(dishes(&service).await, 2);
}

#[actix_web::test]
async fn a_key_of_a_dish_takes_no_other_dish_and_no_order() {
    let service = Service::start(true).await;
    let before = dishes(&service).await;
    let _ = add_dish(&service, "a", golden::NEW_DISH).await.ok(201);
    let other = r#"{"nom": "Flan", "prix": 5, "categorie": "DESSERT"}"#;
    let refused = add_dish(&service, "a", other).await;
    let _ = refused.problem(422, "idempotency_key_reused");
    let refused = place(&service, "a", &body()).await;
    let _ = refused.problem(422, "idempotency_key_reused");
    assert_key_refused(&add_dish(&service, "", golden::NEW_DISH).await);
    assert_eq!(dishes(&service).await, before + 1);
    assert_eq!(count(&service).await, 0);
}
