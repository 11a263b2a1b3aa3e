//! Tests of `Idempotency-Key`: a repeated registration makes one account.

mod private;

use actix_web::http::Method;
use actix_web::http::header::HeaderValue;
use futures_util::future::join_all;
use serde_json::{Value, json};
use service_kit::testing::{Answer, Client, Request};

use super::{PASSWORD, Running, config, new_client, service};
use crate::TestDatabase;

const HEADER: &str = "Idempotency-Key";
const EMAIL: &str = "lea@example.com";

/// `POST /clients` with a key.
fn registration(http: &Client, key: &str) -> Request {
    http.request(Method::POST, "/clients").header(HEADER, key)
}

async fn register(service: &Running, key: &str, body: &str) -> Answer {
    registration(&service.http, key).send_json(body).await
}

fn body() -> String {
    new_client(EMAIL).to_string()
}

fn with(key: &str, value: &str) -> String {
    let mut new = new_client(EMAIL);
    new[key] = json!(value);
    new.to_string()
}

async fn count(service: &Running) -> usize {
    let clients = service.http.get("/clients").await.ok(200);
    clients.as_array().unwrap().len()
}

#[track_caller]
fn assert_same(first: &Answer, again: &Answer) {
    let _ = first.ok(201);
    assert_eq!((again.status, &again.body), (first.status, &first.body));
    assert_eq!(again.header("content-type"), first.header("content-type"));
}

#[actix_web::test]
async fn a_repeat_is_given_the_first_answer_byte_for_byte() {
    let service = service().await;
    let first = register(&service, "a", &body()).await;
    for _ in 0..3 {
        assert_same(&first, &register(&service, "a", &body()).await);
    }
    let other_key = register(&service, "b", &body()).await;
    let _ = other_key.problem(409, "email_taken");
    assert_eq!(count(&service).await, 1);
}

#[actix_web::test]
async fn the_same_body_spelled_otherwise_is_the_same() {
    let service = service().await;
    let first = register(&service, "a", &body()).await;
    let spelled = format!(
        "\n{{ \"lastName\" : \"Martin\",\t\"firstName\": \"L\\u00e9a\",\r\n \"password\": \"{PASSWORD}\", \"email\": \"{EMAIL}\" }}"
    );
    assert_same(&first, &register(&service, "a", &spelled).await);
}

#[actix_web::test]
async fn another_body_under_the_same_key_is_a_422() {
    let service = service().await;
    let _ = register(&service, "a", &body()).await.ok(201);
    for other in [
        with("password", "tarte-aux-poires"),
        with("firstName", "Léo"),
        with("email", "leo@example.com"),
    ] {
        let refused = register(&service, "a", &other).await;
        let _ = refused.problem(422, "idempotency_key_reused");
    }
    assert_eq!(count(&service).await, 1);
    let _ = service.log_in(EMAIL).await;
}

#[actix_web::test]
async fn a_request_that_failed_leaves_its_key_free() {
    let service = service().await;
    service.register("leo@example.com").await;
    let refused = register(&service, "a", &with("password", "12345")).await;
    let _ = refused.problem(400, "validation_failed");
    let refused = register(&service, "a", &with("email", "leo@example.com")).await;
    let _ = refused.problem(409, "email_taken");
    let first = register(&service, "a", &body()).await;
    assert_same(&first, &register(&service, "a", &body()).await);
}

#[track_caller]
fn assert_key_refused(answer: &Answer) {
    let problem = answer.problem(400, "validation_failed");
    assert_eq!(problem.errors[0].field, HEADER);
    assert!(problem.message.contains(HEADER), "{}", problem.message);
}

#[actix_web::test]
async fn a_malformed_key_is_a_400_that_makes_no_account() {
    let service = service().await;
    for key in ["", " ", "a b", "\t", &"k".repeat(256)] {
        assert_key_refused(&register(&service, key, &body()).await);
    }
    let twice = registration(&service.http, "a").header(HEADER, "a");
    assert_key_refused(&twice.send_json(new_client(EMAIL)).await);
    assert_eq!(count(&service).await, 0);
    let _ = register(&service, &"k".repeat(255), &body()).await.ok(201);
}

#[actix_web::test]
async fn a_key_that_is_not_ascii_is_a_400() {
    let config = config(&TestDatabase::fresh());
    let application = client_service::build(config).await.unwrap();
    let url = format!("http://{}/clients", application.addr());
    actix_web::rt::spawn(application.run_until(std::future::pending()));
    let key = HeaderValue::from_bytes("clé".as_bytes()).unwrap();
    let request = awc::Client::default()
        .post(url)
        .insert_header((HEADER, key));
    let mut answer = request.send_json(&new_client(EMAIL)).await.unwrap();
    assert_eq!(answer.status(), 400);
    let problem: Value = answer.json().await.unwrap();
    assert_eq!(problem["errors"][0]["field"], HEADER);
}

#[actix_web::test]
async fn twenty_at_once_make_one_account_and_get_the_same_answer() {
    let service = service().await;
    let body = body();
    let answers = join_all((0..20).map(|_| register(&service, "a", &body))).await;
    for answer in &answers {
        assert_same(&answers[0], answer);
    }
    assert_eq!(count(&service).await, 1);
}

#[actix_web::test]
async fn a_key_is_forgotten_after_a_day() {
    let service = service().await;
    let first = register(&service, "a", &body()).await;
    service
        .alter("UPDATE idempotency_keys SET created_at = created_at - 86000000")
        .await;
    assert_same(&first, &register(&service, "a", &body()).await);
    service
        .alter("UPDATE idempotency_keys SET created_at = created_at - 400000")
        .await;
    let taken = register(&service, "a", &body()).await;
    let _ = taken.problem(409, "email_taken");
    let other = with("email", "leo@example.com");
    let second = register(&service, "a", &other).await;
    assert_same(&second, &register(&service, "a", &other).await);
    assert_eq!(count(&service).await, 2);
}
