//! Tests of `Idempotency-Key`: a repeated request is executed once.

use actix_web::http::Method;
use serde_json::{Value, json};
use service_kit::testing::{Answer, Client};

use crate::delivery;

const HEADER: &str = "Idempotency-Key";

async fn post(http: &Client, path: &str, key: &str, body: &Value) -> Answer {
    let request = http.request(Method::POST, path);
    request.header(HEADER, key).send_json(body.clone()).await
}

async fn count(http: &Client, path: &str) -> usize {
    http.get(path).await.ok(200).as_array().unwrap().len()
}

fn courier() -> Value {
    json!({"nom": "Petit", "email": "petit@example.com"})
}

#[track_caller]
fn assert_same(first: &Answer, again: &Answer) {
    assert!(first.status.is_success(), "{first:?}");
    assert_eq!((again.status, &again.body), (first.status, &first.body));
    assert_eq!(again.header("content-type"), first.header("content-type"));
}

#[actix_web::test]
async fn a_courier_whose_request_is_repeated_is_registered_once() {
    let http = delivery(false).await;
    let first = post(&http, "/livreurs", "a", &courier()).await;
    assert_same(&first, &post(&http, "/livreurs", "a", &courier()).await);
    assert_eq!(count(&http, "/livreurs").await, 1);
    // Without the key it is another request, and its e-mail is taken.
    let taken = http.post("/livreurs", courier()).await;
    let _ = taken.problem(409, "email_taken");
}

#[actix_web::test]
async fn a_delivery_whose_request_is_repeated_is_opened_once() {
    let http = delivery(false).await;
    let new = json!({"commandeId": "A"});
    let first = post(&http, "/livraisons", "a", &new).await;
    assert_same(&first, &post(&http, "/livraisons", "a", &new).await);
    let _ = first.ok(201);
    assert_eq!(count(&http, "/livraisons").await, 1);
}

#[actix_web::test]
async fn an_assignment_that_is_repeated_is_answered_as_it_was_and_undoes_no_later_one() {
    let http = delivery(false).await;
    let [one, other] = ["one@example.com", "other@example.com"].map(|email| {
        let new = json!({"nom": "Petit", "email": email});
        let http = &http;
        async move { http.post("/livreurs", new).await.ok(201)["id"].clone() }
    });
    let (one, other) = (one.await, other.await);
    let opened = http.post("/livraisons", json!({"commandeId": "A"})).await;
    let path = format!("/livraisons/{}", opened.ok(201)["id"].as_str().unwrap());
    let assign = format!("{path}/assigner");
    let first = post(&http, &assign, "a", &json!({"livreurId": one})).await;
    let _ = first.ok(200);
    let later = post(&http, &assign, "b", &json!({"livreurId": other})).await;
    let _ = later.ok(200);
    let again = post(&http, &assign, "a", &json!({"livreurId": one})).await;
    assert_same(&first, &again);
    assert_eq!(http.get(&path).await.ok(200)["livreurId"], other);
}

#[actix_web::test]
async fn a_key_is_good_for_one_body_at_one_path() {
    let http = delivery(false).await;
    let _ = post(&http, "/livreurs", "a", &courier()).await.ok(201);
    let other = json!({"nom": "Grand", "email": "grand@example.com"});
    let refused = post(&http, "/livreurs", "a", &other).await;
    let _ = refused.problem(422, "idempotency_key_reused");
    let refused = post(&http, "/livraisons", "a", &json!({"commandeId": "A"})).await;
    let _ = refused.problem(422, "idempotency_key_reused");
    for bad in ["", "a b"] {
        let refused = post(&http, "/livreurs", bad, &other).await;
        let _ = refused.problem(400, "validation_failed");
    }
    assert_eq!(count(&http, "/livreurs").await, 1);
    assert_eq!(count(&http, "/livraisons").await, 0);
}

#[actix_web::test]
async fn a_request_that_failed_leaves_its_key_free_and_a_courier_that_is_removed_too() {
    let http = delivery(false).await;
    let refused = post(&http, "/livreurs", "a", &json!({"nom": "Petit"})).await;
    let _ = refused.problem(400, "validation_failed");
    let first = post(&http, "/livreurs", "a", &courier()).await.ok(201);
    let path = format!("/livreurs/{}", first["id"].as_str().unwrap());
    let _ = http.delete(&path).await.ok(200);
    let second = post(&http, "/livreurs", "a", &courier()).await.ok(201);
    assert_ne!(second["id"], first["id"]);
}
