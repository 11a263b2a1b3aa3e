//! Tests of what an order's notes mean for its delivery.

use order_feed::testing::new_order;
use serde_json::{Value, json};
use shared_types::order::Order;
use shared_types::order::OrderMode::TakeAway;
use shared_types::order::OrderStatus::{Delivered, Delivering, Pending, Ready};
use shared_types::value::Timestamp;

use crate::{courier, delivery, path_of, tell};

fn wished() -> Order {
    Order {
        comment: Some("Code 42B".to_owned()),
        wished_for: Timestamp::from_millis(1_795_353_000_000),
        ..new_order(Pending)
    }
}

fn take_away() -> Order {
    Order {
        mode: TakeAway,
        ..new_order(Pending)
    }
}

#[actix_web::test]
async fn a_draft_has_the_comment_and_the_wished_time_of_its_order() {
    let client = delivery(false).await;
    let order = wished();
    tell(&client, &order, Ready).await;
    let drafted = client.get("/livraisons").await.ok(200)[0].clone();
    assert_eq!(drafted["commentaires"], "Code 42B");
    assert_eq!(drafted["pourLe"], "2026-11-22T13:10:00Z");

    // What the restaurant writes counts, and the time stays.
    let new = json!({"commandeId": order.id, "commentaires": "Interphone en panne"});
    let opened = client.post("/livraisons", new).await.ok(201);
    assert_eq!(opened["commentaires"], "Interphone en panne");
    assert_eq!(opened["pourLe"], drafted["pourLe"]);
}

#[actix_web::test]
async fn a_delivery_that_is_opened_first_gets_the_wished_time_and_keeps_its_comment() {
    let client = delivery(false).await;
    let order = wished();
    let new = json!({"commandeId": order.id, "commentaires": "Fragile"});
    let opened = client.post("/livraisons", new).await.ok(201);
    assert_eq!(opened["pourLe"], Value::Null);
    tell(&client, &order, Ready).await;
    let told = client.get(&path_of(&opened)).await.ok(200);
    assert_eq!(told["pourLe"], "2026-11-22T13:10:00Z");
    assert_eq!(told["commentaires"], "Fragile");
}

#[actix_web::test]
async fn a_take_away_order_gets_no_draft_however_far_it_is() {
    let client = delivery(false).await;
    let _ = courier(&client, "ines").await;
    let order = take_away();
    for status in [Ready, Delivering, Delivered] {
        tell(&client, &order, status).await;
        assert_eq!(
            client.get("/livraisons").await.ok(200),
            json!([]),
            "{status}"
        );
    }
}

#[actix_web::test]
async fn a_delivery_opened_for_a_take_away_order_follows_it_and_is_not_drafted_again() {
    let client = delivery(false).await;
    let (brought, dropped) = (take_away(), take_away());
    for order in [&brought, &dropped] {
        tell(&client, order, Ready).await;
        let new = json!({"commandeId": order.id});
        let _ = client.post("/livraisons", new).await.ok(201);
    }
    tell(&client, &brought, Delivering).await;
    let found = format!("/livraisons?commandeId={}", brought.id);
    assert_eq!(client.get(&found).await.ok(200)[0]["statut"], "RECUPEREE");

    let found = format!("/livraisons?commandeId={}", dropped.id);
    let open = client.get(&found).await.ok(200)[0].clone();
    let cancel = json!({"statut": "ANNULEE"});
    let _ = client.patch(&path_of(&open), cancel).await.ok(200);
    let all = client.get(&found).await.ok(200);
    assert_eq!(all.as_array().unwrap().len(), 1);
}
