//! Tests that the examples of the OpenAPI document work as they stand on the demonstration: whoever
//! opens `/docs` and presses "Execute" gets an answer.

use actix_web::http::Method;
use serde_json::Value;
use service_kit::testing::Answer;
use shared_types::golden;

use crate::{Restaurant, restaurant};

const DOCUMENT: &str = include_str!("../../../docs/openapi.json");

/// They need an id, a name or a token that nobody can know before.
const SKIPPED: [&str; 9] = [
    "/client-api/clients/{id}",
    "/client-api/erasures/{id}",
    "/client-api/sessions/{id}",
    "/client-api/password-reset/confirm",
    "/order-api/commandes/{id}",
    "/suivi/{commandeId}",
    "/differe/{id}",
    "/docs/{file}",
    "/problems/{code}",
];

fn is_skipped(path: &str) -> bool {
    SKIPPED.iter().any(|skipped| path.starts_with(skipped))
}

/// An operation with its examples filled in.
struct Example {
    method: Method,
    path: String,
    body: Option<Value>,
}

/// `None` if its path has a parameter without an example.
fn example(path: &str, method: &str, operation: &Value) -> Option<Example> {
    let mut filled = path.to_owned();
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        if parameter["in"] == "path" {
            let name = format!("{{{}}}", parameter["name"].as_str()?);
            filled = filled.replace(&name, parameter["example"].as_str()?);
        }
    }
    let body = &operation["requestBody"]["content"]["application/json"]["example"];
    Some(Example {
        method: method.to_uppercase().parse().ok()?,
        path: filled,
        body: Some(body.clone()).filter(|body| !body.is_null()),
    })
}

fn examples() -> (Vec<Example>, Vec<String>) {
    let document: Value = serde_json::from_str(DOCUMENT).unwrap();
    let (mut examples, mut without) = (Vec::new(), Vec::new());
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            // A stream does not end.
            if !operation.is_object() || path.ends_with("/flux") {
                continue;
            }
            match example(path, method, operation) {
                Some(example) => examples.push(example),
                None => without.push(path.clone()),
            }
        }
    }
    (examples, without)
}

async fn ask(restaurant: &Restaurant, example: &Example, token: &str) -> Answer {
    let request = restaurant
        .gateway
        .request(example.method.clone(), &example.path);
    let request = request.bearer(token);
    match &example.body {
        Some(body) => request.send_json(body.clone()).await,
        None => request.send().await,
    }
}

#[actix_web::test]
async fn every_example_works_as_it_stands() {
    let (mut examples, without) = examples();
    for path in without {
        assert!(is_skipped(&path), "{path} has no example of its parameter");
    }
    examples.retain(|example| !is_skipped(&example.path));
    assert!(examples.len() > 30, "{} examples", examples.len());
    // What takes something away comes last.
    examples.sort_by_key(|example| {
        (
            example.method == Method::DELETE,
            example.method != Method::GET,
        )
    });
    let restaurant = restaurant().await;
    for example in &examples {
        // Anew each time, as some of them end the session.
        let login = restaurant
            .gateway
            .post("/client-api/login", golden::DEMO_ACCOUNT);
        let login = login.await.ok(200);
        let token = login["access_token"].as_str().unwrap();
        let answer = ask(&restaurant, example, token).await;
        let Example { method, path, .. } = example;
        let text = String::from_utf8_lossy(&answer.body);
        let status = answer.status;
        assert!(status.is_success(), "{method} {path}: {status} {text}");
    }
}
