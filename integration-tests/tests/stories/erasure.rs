//! Tests of forgetting a client in every service.

use actix_web::http::Method;
use serde_json::{Value, json};
use service_kit::testing::{Answer, Client, eventually};
use shared_types::golden;
use stack::Service;

use crate::restaurant;

/// What the order and the delivery tell of the client.
const TOLD: [&str; 3] = ["7 rue du Poirier", "06 39 98 00 77", "sonner deux fois"];

/// A client and its token.
async fn sign_up(gateway: &Client) -> (Value, String) {
    let client = gateway.post("/client-api/clients", golden::NEW_CLIENT);
    let client = client.await.ok(201);
    let login = gateway.post("/client-api/login", golden::LOGIN).await;
    let token = login.ok(200)["access_token"].as_str().unwrap().to_owned();
    (client, token)
}

async fn ask(gateway: &Client, client: &Value, token: &str) -> Answer {
    let id = client["id"].as_str().unwrap();
    let path = format!("/client-api/clients/{id}/erasure");
    gateway
        .request(Method::POST, &path)
        .bearer(token)
        .send()
        .await
}

async fn erasure(gateway: &Client, asked: &str) -> Value {
    gateway.get(asked).await.ok(200)
}

#[actix_web::test]
async fn a_client_is_forgotten_by_every_service_once_the_order_has_ended() {
    let restaurant = restaurant().await;
    let gateway = &restaurant.gateway;
    let (client, token) = sign_up(gateway).await;
    let [address, phone, comment] = TOLD;
    let order = json!({
        "clientId": client["id"], "adresse": address, "telephone": phone, "commentaire": comment,
        "items": [{"menuId": restaurant.dish().await["id"], "quantite": 1}],
    });
    let order = gateway.post("/order-api/commandes", order).await.ok(201);
    let order = order["id"].as_str().unwrap();
    restaurant.move_to(order, "PRETE").await;
    let told = eventually("the delivery", async || {
        let deliveries = gateway
            .get("/delivery-api/livraisons")
            .await
            .ok(200)
            .to_string();
        TOLD.iter()
            .all(|text| deliveries.contains(text))
            .then_some(deliveries)
    });
    told.await;

    let asked = ask(gateway, &client, &token).await;
    let id = asked.ok(202)["id"].as_str().unwrap().to_owned();
    assert_eq!(
        asked.header("location"),
        Some(format!("../../erasures/{id}").as_str())
    );
    let report = format!("/client-api/erasures/{id}");
    // The courier still needs the address.
    assert_eq!(erasure(gateway, &report).await["status"], "EN_COURS");
    let deliveries = gateway
        .get("/delivery-api/livraisons")
        .await
        .ok(200)
        .to_string();
    assert!(deliveries.contains(address));

    restaurant.move_to(order, "LIVREE").await;
    eventually("the end of the erasure", async || {
        let report = erasure(&restaurant.gateway, &report).await;
        (report["status"] == "TERMINEE").then_some(())
    })
    .await;
    for path in [
        "/order-api/commandes",
        "/kitchen/orders",
        "/delivery-api/livraisons",
        "/delivery/assigned",
        &format!("/suivi/{order}"),
    ] {
        let left = restaurant.gateway.get(path).await.ok(200).to_string();
        for text in TOLD.into_iter().chain(client["id"].as_str()) {
            assert!(!left.contains(text), "{path}: {left}");
        }
    }
    // What was sold stays.
    let kept = restaurant
        .gateway
        .get(&format!("/order-api/commandes/{order}"))
        .await;
    assert_eq!(kept.ok(200)["status"], "LIVREE");
}

#[actix_web::test]
async fn an_erasure_waits_for_a_service_that_is_away() {
    let mut restaurant = restaurant().await;
    let gateway = &restaurant.gateway;
    let (client, token) = sign_up(gateway).await;
    let order = restaurant.order(&client["id"]).await;
    let order = order["id"].as_str().unwrap();
    restaurant.move_to(order, "ANNULEE").await;
    restaurant.stack.stop_service(Service::Delivery).await;
    let asked = ask(&restaurant.gateway, &client, &token).await.ok(202);
    let report = format!("/client-api/erasures/{}", asked["id"].as_str().unwrap());
    eventually("the order to be anonymous", async || {
        let path = format!("/order-api/commandes/{order}");
        let order = restaurant.gateway.get(&path).await.ok(200);
        (order["clientId"] != client["id"]).then_some(())
    })
    .await;
    assert_eq!(
        erasure(&restaurant.gateway, &report).await["status"],
        "EN_COURS"
    );
    restaurant
        .stack
        .start_service(Service::Delivery)
        .await
        .unwrap();
    eventually("the end of the erasure", async || {
        let report = erasure(&restaurant.gateway, &report).await;
        (report["status"] == "TERMINEE").then_some(())
    })
    .await;
}
