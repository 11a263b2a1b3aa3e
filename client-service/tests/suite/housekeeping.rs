//! Tests of the deletion of expired rows.

use actix_web::http::Method;
use service_kit::testing::eventually;
use sqlx::{AnyConnection, Connection as _};

use super::{Running, new_client, service};

/// The texts of one column.
async fn column(service: &Running, sql: &'static str) -> Vec<String> {
    let mut database = AnyConnection::connect(&service.database.url())
        .await
        .unwrap();
    let texts = sqlx::query_scalar(sql).fetch_all(&mut database);
    texts.await.unwrap()
}

#[actix_web::test]
async fn a_start_deletes_the_sessions_that_have_expired() {
    let service = service().await;
    let mut tokens = Vec::new();
    // Two clients, because a login deletes the expired sessions of its own client.
    for email in ["lea@example.com", "leo@example.com"] {
        service.register(email).await;
        service.alter("UPDATE sessions SET expires_at = 1").await;
        tokens.push(service.log_in(email).await);
    }
    let service = service.restarted().await;
    let left = eventually("a session to be deleted", async || {
        let left = column(&service, "SELECT client_id FROM sessions").await;
        Some(left).filter(|sessions| sessions.len() < 2)
    });
    assert_eq!(left.await.len(), 1);
    let _ = service.sessions(&tokens[1]).await.ok(200);
}

#[actix_web::test]
async fn a_start_deletes_the_keys_that_are_older_than_a_day() {
    let service = service().await;
    for key in ["aged", "old", "young"] {
        let request = service.http.request(Method::POST, "/clients");
        let request = request.header("Idempotency-Key", key);
        let new = new_client(&format!("{key}@example.com"));
        let _ = request.send_json(new).await.ok(201);
    }
    service
        .alter("UPDATE idempotency_keys SET created_at = created_at - 86400000 WHERE key = 'old'")
        .await;
    service
        .alter("UPDATE idempotency_keys SET created_at = created_at - 86000000 WHERE key = 'aged'")
        .await;
    let service = service.restarted().await;
    let left = eventually("a key to be deleted", async || {
        let left = column(&service, "SELECT key FROM idempotency_keys ORDER BY key").await;
        Some(left).filter(|keys| keys.len() < 3)
    });
    assert_eq!(left.await, ["aged", "young"]);
}
