//! Tests of orders during an outage of the order service: the counter keeps them and places them
//! afterwards.

use actix_web::http::Method;
use serde_json::{Value, json};
use service_kit::testing::{Answer, eventually};
use stack::Service;

use crate::access::Person;
use crate::{Restaurant, restaurant, restaurant_with};

/// A dish that is on no menu.
const NO_DISH: &str = "0192f0c4-0a11-7000-8000-00000000ffff";

impl Restaurant {
    async fn send_order(&self, dish: &Value, headers: &[(&str, &str)]) -> Answer {
        let request = self.gateway.request(Method::POST, "/order-api/commandes");
        let request = headers.iter().fold(request, |request, (name, value)| {
            request.header(name, value)
        });
        let items = json!([{"menuId": dish, "quantite": 2}]);
        let order = json!({"clientId": uuid::Uuid::now_v7(), "items": items});
        request.send_json(order).await
    }

    /// Orders while the order service is away. Returns the id.
    async fn kept(&self, dish: &Value, headers: &[(&str, &str)]) -> String {
        let answer = self.send_order(dish, headers).await;
        let kept = answer.ok(202);
        assert_eq!(answer.header("x-degraded"), Some("deferred"));
        assert_eq!(kept["status"], "EN_ATTENTE_DE_CONFIRMATION");
        let id = kept["id"].as_str().unwrap().to_owned();
        let location = answer.header("location").unwrap();
        assert_eq!(location, format!("/differe/{id}"));
        id
    }

    async fn state(&self, id: &str) -> Value {
        self.gateway.get(&format!("/differe/{id}")).await.ok(200)
    }

    async fn ended(&self, id: &str) -> Value {
        eventually("a kept order to end", async || {
            let told = self.gateway.get(&format!("/differe/{id}")).await;
            let told = (told.status == 200).then(|| told.json())?;
            (told["status"] != "pending").then_some(told)
        })
        .await
    }

    async fn without_orders(&mut self) {
        self.stack.stop_service(Service::Orders).await;
    }

    async fn with_orders_again(&mut self) {
        self.stack.start_service(Service::Orders).await.unwrap();
    }
}

#[actix_web::test]
async fn an_order_that_was_kept_is_followed_from_the_promise_to_the_door() {
    let mut restaurant = restaurant().await;
    let dish = restaurant.dish().await["id"].clone();
    restaurant.without_orders().await;
    let id = restaurant.kept(&dish, &[]).await;
    let followed = restaurant
        .gateway
        .get(&format!("/suivi/{id}"))
        .await
        .ok(200);
    assert_eq!(followed["order"]["status"], "pending");
    let ordering = eventually("the order to be seen waiting", async || {
        let status = restaurant.gateway.get("/status").await.ok(200);
        let ordering = status["features"]["ordering"].clone();
        (ordering["waiting"] == 1).then_some(ordering)
    })
    .await;
    assert_eq!(ordering["missing"], json!(["orders"]));

    restaurant.with_orders_again().await;
    let told = restaurant.ended(&id).await;
    assert_eq!(told["status"], "accepted");
    assert_eq!(told["result"]["id"], id);
    let path = format!("/order-api/commandes/{id}");
    let order = eventually("the order", async || {
        let order = restaurant.gateway.get(&path).await;
        (order.status == 200).then(|| order.json())
    })
    .await;
    assert_eq!(order["status"], "EN_ATTENTE");
    assert_eq!(order["items"][0]["quantite"], 2);
    eventually("its ticket", async || {
        let tickets = restaurant.gateway.get("/kitchen/orders").await.ok(200);
        let mut tickets = tickets.as_array().unwrap().iter();
        tickets.find(|ticket| ticket["order_id"] == *id).map(drop)
    })
    .await;
    let followed = restaurant
        .gateway
        .get(&format!("/suivi/{id}"))
        .await
        .ok(200);
    assert_eq!(followed["order"]["status"], "EN_ATTENTE");
    eventually("nobody to wait any more", async || {
        let status = restaurant.gateway.get("/status").await.ok(200);
        (status["features"]["ordering"] == json!({"status": "up"})).then_some(())
    })
    .await;
}

#[actix_web::test]
async fn the_same_key_makes_one_order_during_an_outage_and_after_it() {
    let mut restaurant = restaurant().await;
    let dish = restaurant.dish().await["id"].clone();
    let client = json!(uuid::Uuid::now_v7());
    let order = json!({"clientId": client, "items": [{"menuId": dish, "quantite": 2}]});
    let send = async |restaurant: &Restaurant| {
        let request = restaurant
            .gateway
            .request(Method::POST, "/order-api/commandes");
        let request = request.header("Idempotency-Key", "two-tarts");
        request.send_json(order.clone()).await
    };
    restaurant.without_orders().await;
    let first = send(&restaurant).await.ok(202);
    let second = send(&restaurant).await.ok(202);
    assert_eq!(first["id"], second["id"]);
    let other = restaurant.send_order(&dish, &[("Idempotency-Key", "two-tarts")]);
    assert_eq!(other.await.status, 422);

    restaurant.with_orders_again().await;
    let told = restaurant.ended(first["id"].as_str().unwrap()).await;
    assert_eq!(told["status"], "accepted");
    let again = eventually("the order service to be asked again", async || {
        let answer = send(&restaurant).await;
        (answer.status == 201).then(|| answer.json())
    })
    .await;
    assert_eq!(again["id"], first["id"]);
    let path = format!("/order-api/commandes?clientId={}", client.as_str().unwrap());
    let orders = restaurant.gateway.get(&path).await.ok(200);
    assert_eq!(orders.as_array().unwrap().len(), 1);
}

#[actix_web::test]
async fn an_order_that_cannot_be_placed_is_refused_with_the_reason() {
    let mut restaurant = restaurant().await;
    let dish = restaurant.dish().await["id"].clone();
    restaurant.without_orders().await;
    let gone = restaurant.kept(&json!(NO_DISH), &[]).await;
    let dear = restaurant.kept(&dish, &[("X-Max-Total", "0.50")]).await;
    let withdrawn = restaurant.kept(&dish, &[]).await;
    let path = format!("/differe/{withdrawn}");
    let told = restaurant.gateway.delete(&path).await.ok(200);
    assert_eq!(told["status"], "withdrawn");

    restaurant.with_orders_again().await;
    let told = restaurant.ended(&gone).await;
    assert_eq!(told["status"], "refused");
    assert_eq!(told["problem"]["code"], "validation_failed", "{told}");
    let told = restaurant.ended(&dear).await;
    assert_eq!(told["problem"]["code"], "total_exceeded", "{told}");
    assert_eq!(restaurant.state(&withdrawn).await["status"], "withdrawn");
    let late = restaurant.gateway.delete(&format!("/differe/{gone}")).await;
    let _ = late.problem(409, "impossible_transition");
    for id in [gone, dear, withdrawn] {
        let order = restaurant
            .gateway
            .get(&format!("/order-api/commandes/{id}"))
            .await;
        let _ = order.problem(404, "order_not_found");
    }
}

#[actix_web::test]
async fn with_strict_access_a_kept_order_is_its_clients_own_and_ends_with_the_session() {
    let mut restaurant = restaurant_with("strict").await;
    let (mine, other) = (restaurant.sign_up().await, restaurant.sign_up().await);
    let dish = restaurant.dish().await["id"].clone();
    restaurant.without_orders().await;
    let order = |person: &Person| json!({"clientId": person.id, "items": [{"menuId": dish, "quantite": 1}]});
    let place = async |restaurant: &Restaurant, person: &Person| {
        let placed = restaurant.ask(person, "POST", "/order-api/commandes", order(person));
        placed.await.ok(202)["id"].as_str().unwrap().to_owned()
    };
    let stranger = Person::default();
    let refused = restaurant.ask(&stranger, "POST", "/order-api/commandes", order(&mine));
    let _ = refused.await.problem(401, "unauthorized");
    let (kept, left) = (
        place(&restaurant, &mine).await,
        place(&restaurant, &other).await,
    );
    let path = format!("/differe/{kept}");
    let get = async |restaurant: &Restaurant, person: &Person| {
        restaurant.ask(person, "GET", &path, Value::Null).await
    };
    let _ = get(&restaurant, &stranger)
        .await
        .problem(401, "unauthorized");
    assert_ne!(get(&restaurant, &other).await.status, 200);
    assert_eq!(get(&restaurant, &mine).await.ok(200)["status"], "pending");
    // Whoever logs out wants nothing placed any more in their name.
    let out = restaurant
        .ask(&other, "POST", "/client-api/logout", json!({}))
        .await;
    assert!(out.status.is_success());

    restaurant.with_orders_again().await;
    eventually("my order to be placed", async || {
        let told = get(&restaurant, &mine).await.ok(200);
        (told["status"] == "accepted").then_some(())
    })
    .await;
    let admin = restaurant.log_in("ADMIN").await;
    let told = eventually("the other one to be refused", async || {
        let path = format!("/differe/{left}");
        let told = restaurant
            .ask(&admin, "GET", &path, Value::Null)
            .await
            .ok(200);
        (told["status"] != "pending").then_some(told)
    })
    .await;
    assert_eq!(
        (&told["status"], &told["problem"]["status"]),
        (&json!("refused"), &json!(401))
    );
}
