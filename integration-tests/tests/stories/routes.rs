//! Every row of the route table, reached with its published status.

use std::collections::BTreeSet;

use actix_web::http::Method;
use serde_json::{Value, json};
use service_kit::env::Env;
use shared_types::golden;

use crate::{Restaurant, restaurant};

/// Sends one request and remembers which row it was.
struct Walk<'a> {
    restaurant: &'a Restaurant,
    token: String,
    walked: BTreeSet<(String, String)>,
}

impl Walk<'_> {
    /// `path` may name a row's parameter: `{id}` is replaced by `id`.
    async fn step(
        &mut self,
        method: Method,
        path: &str,
        id: &Value,
        body: Option<Value>,
        status: u16,
    ) -> Value {
        self.walked.insert((method.to_string(), path.to_owned()));
        let path = path.replace("{id}", id.as_str().unwrap_or_default());
        let request = self
            .restaurant
            .gateway
            .request(method, &path)
            .bearer(&self.token);
        let answer = match body {
            Some(body) => request.send_json(body).await,
            None => request.send().await,
        };
        answer.ok(status)
    }
}

#[actix_web::test]
async fn every_row_answers_its_published_status() {
    let restaurant = restaurant().await;
    let parsed = |example: &str| serde_json::from_str::<Value>(example).unwrap();
    let (get, post, patch, delete) = (Method::GET, Method::POST, Method::PATCH, Method::DELETE);
    let none = Value::Null;
    let mut walk = Walk {
        restaurant: &restaurant,
        token: String::new(),
        walked: BTreeSet::new(),
    };

    let _ = walk.step(get.clone(), "/", &none, None, 200).await;
    let _ = walk.step(get.clone(), "/live", &none, None, 200).await;
    let _ = walk.step(get.clone(), "/ready", &none, None, 200).await;

    // Clients. The token is needed where the contract says so and harmless elsewhere.
    let client = walk
        .step(
            post.clone(),
            "/client-api/clients",
            &none,
            Some(parsed(golden::NEW_CLIENT)),
            201,
        )
        .await;
    for ending in ["/client-api/logout", "/client-api/logout-all"] {
        let login = walk
            .step(
                post.clone(),
                "/client-api/login",
                &none,
                Some(parsed(golden::LOGIN)),
                200,
            )
            .await;
        walk.token = login["access_token"].as_str().unwrap().to_owned();
        let _ = walk
            .step(get.clone(), "/client-api/sessions", &none, None, 200)
            .await;
        let _ = walk.step(post.clone(), ending, &none, None, 200).await;
    }
    let _ = walk
        .step(get.clone(), "/client-api/clients", &none, None, 200)
        .await;
    let _ = walk
        .step(
            get.clone(),
            "/client-api/clients/{id}",
            &client["id"],
            None,
            200,
        )
        .await;
    let _ = walk
        .step(
            delete.clone(),
            "/client-api/clients/{id}",
            &client["id"],
            None,
            200,
        )
        .await;
    let _ = walk
        .step(
            post.clone(),
            "/auth/login",
            &none,
            Some(parsed(golden::DEMO_LOGIN)),
            200,
        )
        .await;

    // Orders.
    let _ = walk
        .step(get.clone(), "/order-api/menu", &none, None, 200)
        .await;
    let _ = walk
        .step(get.clone(), "/order-api/menu/filter", &none, None, 200)
        .await;
    let dish = walk
        .step(
            post.clone(),
            "/order-api/menu",
            &none,
            Some(parsed(golden::NEW_DISH)),
            201,
        )
        .await;
    let items = json!([{"menuId": dish["id"], "quantite": 1}]);
    let order = json!({"clientId": client["id"], "items": items});
    let order = walk
        .step(
            post.clone(),
            "/order-api/commandes",
            &none,
            Some(order),
            201,
        )
        .await;
    let _ = walk
        .step(get.clone(), "/order-api/commandes", &none, None, 200)
        .await;
    let _ = walk
        .step(
            get.clone(),
            "/order-api/commandes/{id}",
            &order["id"],
            None,
            200,
        )
        .await;
    let status = Some(parsed(golden::STATUS_CHANGE));
    let _ = walk
        .step(
            patch.clone(),
            "/order-api/commandes/{id}/status",
            &order["id"],
            status,
            200,
        )
        .await;
    let _ = walk.step(get.clone(), "/orders", &none, None, 200).await;
    let _ = walk
        .step(
            post.clone(),
            "/orders",
            &none,
            Some(parsed(golden::NEW_DEMO_ORDER)),
            200,
        )
        .await;

    // Kitchen and delivery.
    let _ = walk
        .step(get.clone(), "/kitchen/orders", &none, None, 200)
        .await;
    let _ = walk
        .step(
            post.clone(),
            "/kitchen/update",
            &none,
            Some(parsed(golden::KITCHEN_MARK)),
            200,
        )
        .await;
    let _ = walk
        .step(get.clone(), "/delivery/assigned", &none, None, 200)
        .await;
    let _ = walk
        .step(
            post.clone(),
            "/delivery/update",
            &none,
            Some(parsed(golden::DELIVERY_MARK)),
            200,
        )
        .await;
    let couriers = "/delivery-api/livreurs";
    let courier = walk
        .step(
            post.clone(),
            couriers,
            &none,
            Some(parsed(golden::NEW_COURIER)),
            201,
        )
        .await;
    let _ = walk.step(get.clone(), couriers, &none, None, 200).await;
    let one = "/delivery-api/livreurs/{id}";
    let _ = walk.step(get.clone(), one, &courier["id"], None, 200).await;
    let change = Some(parsed(golden::COURIER_CHANGE));
    let _ = walk
        .step(patch.clone(), one, &courier["id"], change, 200)
        .await;
    let deliveries = "/delivery-api/livraisons";
    let delivery = walk
        .step(
            post.clone(),
            deliveries,
            &none,
            Some(parsed(golden::NEW_DELIVERY)),
            201,
        )
        .await;
    let _ = walk.step(get.clone(), deliveries, &none, None, 200).await;
    let one = "/delivery-api/livraisons/{id}";
    let _ = walk
        .step(get.clone(), one, &delivery["id"], None, 200)
        .await;
    let choice = Some(json!({"livreurId": courier["id"]}));
    let _ = walk
        .step(
            post,
            "/delivery-api/livraisons/{id}/assigner",
            &delivery["id"],
            choice,
            200,
        )
        .await;
    let change = Some(parsed(golden::DELIVERY_CHANGE));
    let _ = walk.step(patch, one, &delivery["id"], change, 200).await;
    let _ = walk
        .step(
            delete,
            "/delivery-api/livreurs/{id}",
            &courier["id"],
            None,
            200,
        )
        .await;

    assert_eq!(walk.walked, table());
}

/// The rows of the configuration.
fn table() -> BTreeSet<(String, String)> {
    let config = gateway::Config::load(None, &Env::of_pairs([])).unwrap();
    let rows = config.routes.routes();
    rows.map(|route| (route.method.to_string(), route.path.to_string()))
        .collect()
}
