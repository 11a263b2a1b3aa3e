//! Tests that every token but a live one of this service is refused, with the challenge of RFC
//! 6750.

use std::time::Duration;

use actix_web::http::Method;
use client_service::Secret;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use service_kit::testing::eventually;

use super::{service, service_with};

const SECRET: &str = "0123456789abcdef0123456789abcdef";

fn secret() -> Option<Secret> {
    Some(SECRET.parse().unwrap())
}

fn sign(algorithm: Algorithm, secret: &str, claims: &Value) -> String {
    let key = EncodingKey::from_secret(secret.as_bytes());
    encode(&Header::new(algorithm), claims, &key).unwrap()
}

#[actix_web::test]
async fn without_a_token_the_challenge_names_no_error() {
    let service = service().await;
    for (method, path) in [
        (Method::GET, "/auth/sessions"),
        (Method::POST, "/auth/logout"),
        (Method::POST, "/auth/logout-all"),
    ] {
        let bare = service.http.request(method.clone(), path).send().await;
        let basic = service.http.request(method, path);
        let basic = basic.header("Authorization", "Basic bGVhOng=").send().await;
        for answer in [bare, basic] {
            let _ = answer.problem(401, "unauthorized");
            assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
        }
    }
}

#[actix_web::test]
async fn a_forged_token_is_refused() {
    let service = service_with(|config| config.jwt_secret = secret()).await;
    service.register("lea@example.com").await;
    let genuine = service.log_in("lea@example.com").await;
    let claims: Value = jsonwebtoken::dangerous::insecure_decode(&genuine)
        .unwrap()
        .claims;
    let again = sign(Algorithm::HS256, SECRET, &claims);
    let _ = service.sessions(&again).await.ok(200);

    let mut past = claims.clone();
    past["exp"] = json!(claims["iat"].as_i64().unwrap() - 2);
    let mut endless = claims.clone();
    endless.as_object_mut().unwrap().remove("exp");

    let parts: Vec<&str> = genuine.split('.').collect();
    let (payload, signature) = (parts[1], parts[2]);
    // {"alg":"none"} and {"alg":"RS256","typ":"JWT"}
    let (none, rs256) = (
        "eyJhbGciOiJub25lIn0",
        "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9",
    );
    for forged in [
        sign(
            Algorithm::HS256,
            "another secret of 32 bytes or more",
            &claims,
        ),
        sign(Algorithm::HS512, SECRET, &claims),
        sign(
            Algorithm::HS256,
            "another secret of 32 bytes or more",
            &past,
        ),
        sign(Algorithm::HS256, SECRET, &endless),
        format!("{none}.{payload}."),
        format!("{none}.{payload}.{signature}"),
        format!("{rs256}.{payload}.{signature}"),
        genuine[..genuine.len() - 4].to_owned(),
        "garbage".to_owned(),
        "a.b.c".to_owned(),
        "demo-0192f0c4-7b1a-7c3e-9d52-3f6a1b2c4d5e".to_owned(),
    ] {
        let answer = service.sessions(&forged).await;
        let _ = answer.problem(401, "unauthorized");
        let challenge = answer.header("www-authenticate");
        assert_eq!(
            challenge,
            Some(r#"Bearer error="invalid_token""#),
            "{forged}"
        );
    }
}

#[actix_web::test]
async fn a_genuine_token_whose_time_or_session_is_over_is_told_apart() {
    let service = service_with(|config| config.jwt_secret = secret()).await;
    service.register("lea@example.com").await;
    let genuine = service.log_in("lea@example.com").await;
    let claims: Value = jsonwebtoken::dangerous::insecure_decode(&genuine)
        .unwrap()
        .claims;
    let mut past = claims.clone();
    past["exp"] = json!(claims["iat"].as_i64().unwrap() - 2);
    let mut without_session = claims.clone();
    without_session["sub"] = json!(shared_types::id::ClientId::generate());
    for over in [past, without_session] {
        let answer = service
            .sessions(&sign(Algorithm::HS256, SECRET, &over))
            .await;
        let _ = answer.problem(401, "session_expired");
        let challenge = answer.header("www-authenticate");
        assert_eq!(challenge, Some(r#"Bearer error="invalid_token""#));
    }
    let request = service.request(Method::POST, "/auth/logout", &genuine);
    let _ = request.send().await.ok(200);
    let answer = service.sessions(&genuine).await;
    let _ = answer.problem(401, "session_expired");
}

#[actix_web::test]
async fn an_expired_token_is_refused_and_its_session_is_not_listed() {
    let service = service_with(|config| config.jwt_ttl = Duration::from_secs(1)).await;
    service.register("lea@example.com").await;
    let token = service.log_in("lea@example.com").await;
    let refusal = eventually("the end of the session", async || {
        let answer = service.sessions(&token).await;
        (answer.status != 200).then_some(answer)
    });
    let _ = refusal.await.problem(401, "session_expired");
    let fresh = service.log_in("lea@example.com").await;
    let sessions = service.sessions(&fresh).await.ok(200);
    assert_eq!(sessions.as_array().unwrap().len(), 1);
}

#[actix_web::test]
async fn open_routes_ignore_even_a_bad_token() {
    let service = service().await;
    let request = service.request(Method::GET, "/clients", "garbage");
    let _ = request.send().await.ok(200);
}
