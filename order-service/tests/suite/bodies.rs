//! Tests of bodies as unusual clients send them.

use actix_web::http::Method;
use actix_web::web::Bytes;
use serde_json::{Value, json};
use service_kit::testing::Answer;

use super::{Service, new_order};

async fn send(service: &Service, body: Vec<u8>, fields: &[(&str, &str)]) -> Answer {
    let mut request = service.request(Method::POST, "/commandes");
    for (name, value) in fields {
        request = request.header(name, value);
    }
    let request = request.header("Content-Type", "application/json");
    request.send_body(Bytes::from(body)).await
}

#[actix_web::test]
async fn a_byte_order_mark_before_the_json_is_skipped() {
    let service = Service::start(true).await;
    let body = format!("\u{feff}{}", new_order()).into_bytes();
    let _ = send(&service, body, &[]).await.ok(201);
}

#[actix_web::test]
async fn a_latin_1_body_is_told_to_be_utf_8() {
    let service = Service::start(true).await;
    let mut new = new_order();
    new["adresse"] = json!("12 rue de l'Orme #");
    let body = new.to_string().into_bytes();
    let body = body
        .into_iter()
        .map(|byte| if byte == b'#' { 0xe9 } else { byte });
    let answer = send(&service, body.collect(), &[]).await;
    let problem = answer.problem(400, "bad_request");
    assert!(problem.detail.contains("UTF-8"), "{}", problem.detail);
    assert_eq!(service.get("/commandes").await.ok(200), json!([]));
}

#[actix_web::test]
async fn a_compressed_body_is_refused_with_the_codings_that_are_taken() {
    let service = Service::start(true).await;
    let body = || new_order().to_string().into_bytes();
    for coding in ["gzip", "br", "gzip, identity"] {
        let answer = send(&service, body(), &[("Content-Encoding", coding)]).await;
        let _ = answer.problem(415, "unsupported_media_type");
        assert_eq!(
            answer.header("accept-encoding"),
            Some("identity"),
            "{coding}"
        );
    }
    assert_eq!(service.get("/commandes").await.ok(200), json!([]));
    let plain = send(&service, body(), &[("Content-Encoding", "identity")]).await;
    let _ = plain.ok(201);
}

#[actix_web::test]
async fn a_null_and_a_missing_field_are_one_body_and_a_quoted_key_is_the_plain_one() {
    let service = Service::start(true).await;
    let mut null = new_order();
    null["adresse"] = Value::Null;
    null["items"][0]["commentaire"] = Value::Null;
    let mut made = Vec::new();
    for (body, key) in [
        (new_order(), "abc"),
        (null, "abc"),
        (new_order(), "\"abc\""),
    ] {
        let key = [("Idempotency-Key", key)];
        let answer = send(&service, body.to_string().into_bytes(), &key).await;
        made.push(answer.ok(201));
    }
    assert_eq!(made[0], made[1]);
    assert_eq!(made[0], made[2]);
    let mut other = new_order();
    other["adresse"] = json!("12 rue des Lilas");
    let other = other.to_string().into_bytes();
    let reused = send(&service, other, &[("Idempotency-Key", "abc")]).await;
    let _ = reused.problem(422, "idempotency_key_reused");
}
