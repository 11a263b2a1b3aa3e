//! Tests that a stored answer goes only to its own client, and that it reveals no password.

use client_service::Access;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use sqlx::{AnyConnection, Connection as _};

use super::{assert_same, body, register, registration};
use crate::suite::{PASSWORD, Running, new_client, service, service_with};

#[actix_web::test]
async fn an_account_that_is_deleted_can_be_registered_by_the_same_request() {
    let service = service().await;
    let first = register(&service, "a", &body()).await.ok(201);
    let path = format!("/clients/{}", first["id"].as_str().unwrap());
    let _ = service.http.delete(&path).await.ok(200);
    let again = register(&service, "a", &body()).await.ok(201);
    assert_ne!(again["id"], first["id"]);
    let path = format!("/clients/{}", again["id"].as_str().unwrap());
    assert_eq!(service.http.get(&path).await.ok(200), again);
}

/// The stored hash and answer of the only key.
async fn kept(service: &Running) -> (String, String) {
    let mut database = AnyConnection::connect(&service.database.url())
        .await
        .unwrap();
    let row: (String, String, String, String) =
        sqlx::query_as("SELECT fingerprint, key, made, answer FROM idempotency_keys")
            .fetch_one(&mut database)
            .await
            .unwrap();
    (row.0.clone(), format!("{row:?}"))
}

#[actix_web::test]
async fn the_stored_hash_of_a_body_reveals_no_password_without_the_secret() {
    let mut fingerprints = Vec::new();
    for secret in [
        "0123456789abcdef0123456789abcdef",
        "another-0123456789abcdef01234567",
    ] {
        let secret = secret.parse().unwrap();
        let service = service_with(|config| config.jwt_secret = Some(secret)).await;
        let _ = register(&service, "a", &body()).await.ok(201);
        let (fingerprint, row) = kept(&service).await;
        assert!(!row.contains(PASSWORD), "{row}");
        fingerprints.push(fingerprint);
    }
    assert_ne!(fingerprints[0], fingerprints[1]);
    assert!(!fingerprints.contains(&hex::encode(Sha256::digest(body()))));
}

#[actix_web::test]
async fn a_repeat_needs_the_permission_that_the_first_request_needed() {
    let service = service().await;
    let mut admin = new_client("admin@example.com");
    admin["role"] = json!("ADMIN");
    let _ = service.http.post("/clients", admin).await.ok(201);
    service.register("leo@example.com").await;
    let strict = service
        .restarted_with(|config| config.access = Access::Strict)
        .await;
    let admin = strict.log_in("admin@example.com").await;
    let client = strict.log_in("leo@example.com").await;

    let mut chef = new_client("chef@example.com");
    chef["role"] = json!("CHEF");
    let send = |token: &str| {
        registration(&strict.http, "a")
            .bearer(token)
            .send_json(chef.clone())
    };
    let first = send(&admin).await;
    assert_same(&first, &send(&admin).await);
    let _ = send(&client).await.problem(403, "forbidden");
    let stranger = registration(&strict.http, "a")
        .send_json(chef.clone())
        .await;
    let _ = stranger.problem(401, "unauthorized");
}
