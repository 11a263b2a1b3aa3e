//! Tests of the deletion of expired rows.

use std::time::Duration;

use actix_web::http::Method;
use serde_json::{Value, json};
use service_kit::testing::eventually;
use sqlx::{AnyConnection, Connection as _};

use super::{Service, config, new_order, path};

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

#[actix_web::test]
async fn an_ended_order_names_its_client_no_longer_than_the_time_of_retention() {
    let first = Service::start(true).await;
    let mut ordered = Vec::new();
    for status in ["ANNULEE", "LIVREE", "PRETE"] {
        let mut new = new_order();
        new["adresse"] = json!("12 rue des Lilas");
        new["telephone"] = json!("06 39 98 12 34");
        new["commentaire"] = json!("Pour Léa");
        new["items"][0]["commentaire"] = json!("sans oignons");
        let order = first.post("/commandes", new).await.ok(201);
        for status in ["PRETE", status] {
            let _ = first.change(&order, status).await.ok(200);
        }
        ordered.push(order);
    }
    // A day ago, all but one, which ended a minute ago.
    first
        .alter(
            "UPDATE orders SET updated_at = updated_at - \
             CASE WHEN status = 'LIVREE' THEN 60000 ELSE 90000000 END",
        )
        .await;
    let mut before = Vec::new();
    for order in &ordered {
        before.push(first.get(&path(order)).await.ok(200));
    }

    let database = first.stop().await;
    let mut config = config(&database, true);
    config.retention = Some(Duration::from_secs(86_400));
    let second = Service::start_with(config, database).await;
    let cancelled = path(&ordered[0]);
    let anonymous = eventually("the sweep", async || {
        let order = second.get(&cancelled).await.ok(200);
        (order["adresse"] == Value::Null).then_some(order)
    });
    let anonymous = anonymous.await;
    assert_eq!(
        anonymous["clientId"],
        "00000000-0000-0000-0000-000000000000"
    );
    for field in ["telephone", "commentaire"] {
        assert_eq!(anonymous[field], Value::Null, "{field}");
    }
    assert_eq!(anonymous["items"][0]["commentaire"], Value::Null);
    // What was sold stays, and when.
    for field in ["id", "status", "totalPrice", "createdAt", "updatedAt"] {
        assert_eq!(anonymous[field], before[0][field], "{field}");
    }
    for (order, before) in ordered.iter().zip(&before).skip(1) {
        assert_eq!(second.get(&path(order)).await.ok(200), *before);
    }
}
