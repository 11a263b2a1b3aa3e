//! Tests of the deletion of expired rows.

use actix_web::http::Method;
use service_kit::testing::eventually;
use sqlx::{AnyConnection, Connection as _};

use super::{Service, new_order};

async fn kept_keys(service: &Service) -> Vec<String> {
    let mut database = AnyConnection::connect(&service.database.url())
        .await
        .unwrap();
    let keys = sqlx::query_scalar("SELECT key FROM idempotency_keys ORDER BY key");
    keys.fetch_all(&mut database).await.unwrap()
}

#[actix_web::test]
async fn a_start_deletes_the_keys_that_are_older_than_a_day() {
    let first = Service::start(true).await;
    for key in ["aged", "old", "young"] {
        let request = first.request(Method::POST, "/commandes");
        let request = request.header("Idempotency-Key", key);
        let _ = request.send_json(new_order()).await.ok(201);
    }
    first
        .alter("UPDATE idempotency_keys SET created_at = created_at - 86400000 WHERE key = 'old'")
        .await;
    first
        .alter("UPDATE idempotency_keys SET created_at = created_at - 86000000 WHERE key = 'aged'")
        .await;
    let second = Service::start_on(first.stop().await, true).await;
    let kept = eventually("a key to be deleted", async || {
        Some(kept_keys(&second).await).filter(|keys| keys.len() < 3)
    });
    assert_eq!(kept.await, ["aged", "young"]);
}
