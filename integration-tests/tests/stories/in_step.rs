//! Tests that an order passes through the restaurant by itself: each service learns of the others'
//! changes, though any may be down.

use actix_web::http::Method;
use serde_json::{Value, json};
use service_kit::testing::eventually;
use stack::Service;

use crate::{Restaurant, restaurant};

impl Restaurant {
    /// Waits for the row of an order in one of the lists.
    async fn row(&self, list: &str, key: &str, order: &str) -> Value {
        eventually(&format!("{order} in {list}"), async || {
            self.find(list, key, order).await
        })
        .await
    }

    async fn find(&self, list: &str, key: &str, order: &str) -> Option<Value> {
        let rows = self.gateway.get(list).await;
        // While a service is down, its list is a problem.
        let rows = rows.status.is_success().then(|| rows.json())?;
        let mut rows = rows.as_array().unwrap().iter();
        rows.find(|row| row[key] == order).cloned()
    }

    async fn ticket(&self, order: &str) -> Value {
        self.row("/kitchen/orders", "order_id", order).await
    }

    async fn assignment(&self, order: &str) -> Value {
        self.row("/delivery/assigned", "order_id", order).await
    }

    async fn delivery(&self, order: &str) -> Value {
        self.row("/delivery-api/livraisons", "commandeId", order)
            .await
    }

    async fn becomes(&self, order: &str, status: &str) {
        let path = format!("/order-api/commandes/{order}");
        eventually(&format!("{order} {status}"), async || {
            let order = self.gateway.get(&path).await;
            (order.status.is_success() && order.json()["status"] == status).then_some(())
        })
        .await;
    }

    async fn mark(&self, domain: &str, order: &str) {
        let path = format!("/{domain}/update");
        let marked = self.gateway.post(&path, json!({"order_id": order})).await;
        let _ = marked.ok(200);
    }

    async fn stop(&mut self, service: Service) {
        self.stack.stop_service(service).await;
    }

    async fn start(&mut self, service: Service) {
        self.stack.start_service(service).await.unwrap();
    }
}

#[actix_web::test]
async fn an_order_is_cooked_carried_and_handed_over() {
    let restaurant = restaurant().await;
    let order = restaurant.ordered().await;
    assert_eq!(restaurant.ticket(&order).await["status"], "EN_ATTENTE");

    restaurant.mark("kitchen", &order).await;
    restaurant.becomes(&order, "PRETE").await;
    let assignment = restaurant.assignment(&order).await;
    // Youssef carries the sample order.
    assert_eq!(assignment["livreur"], "Camille");

    restaurant.mark("delivery", &order).await;
    restaurant.becomes(&order, "LIVREE").await;
    let assigned = restaurant.gateway.get("/delivery/assigned").await.ok(200);
    let assigned = assigned.as_array().unwrap();
    assert!(assigned.iter().all(|row| row["order_id"] != order));
}

#[actix_web::test]
async fn a_courier_who_picks_up_is_on_the_way() {
    let restaurant = restaurant().await;
    let order = restaurant.ordered().await;
    restaurant.ticket(&order).await;
    restaurant.mark("kitchen", &order).await;
    let delivery = restaurant.delivery(&order).await;
    let path = format!(
        "/delivery-api/livraisons/{}",
        delivery["id"].as_str().unwrap()
    );
    for status in ["EN_ROUTE_RESTAURANT", "RECUPEREE"] {
        let moved = restaurant
            .gateway
            .patch(&path, json!({"statut": status}))
            .await;
        let _ = moved.ok(200);
    }
    restaurant.becomes(&order, "EN_LIVRAISON").await;
}

#[actix_web::test]
async fn a_take_away_order_is_cooked_by_its_notes_and_handed_over_without_a_courier() {
    let restaurant = restaurant().await;
    let dish = restaurant.dish().await["id"].clone();
    let new = json!({
        "clientId": uuid::Uuid::now_v7(),
        "items": [{"menuId": dish, "quantite": 1, "commentaire": "Bien cuit"}],
        "commentaire": "Allergie aux noix", "convives": 2, "mode": "A_EMPORTER",
    });
    let order = restaurant.gateway.post("/order-api/commandes", new).await;
    let order = order.ok(201)["id"].as_str().unwrap().to_owned();
    let ticket = restaurant.ticket(&order).await;
    assert_eq!(ticket["commentaire"], "Allergie aux noix");
    assert_eq!(ticket["items"][0]["commentaire"], "Bien cuit");
    assert_eq!(ticket["mode"], "A_EMPORTER");

    restaurant.mark("kitchen", &order).await;
    restaurant.becomes(&order, "PRETE").await;
    restaurant.move_to(&order, "LIVREE").await;
    // A later order has its delivery by now.
    let brought = restaurant.ordered().await;
    restaurant.move_to(&brought, "PRETE").await;
    let _ = restaurant.delivery(&brought).await;
    let found = restaurant.find("/delivery-api/livraisons", "commandeId", &order);
    assert_eq!(found.await, None);
}

#[actix_web::test]
async fn a_draft_is_filled_in_freed_and_taken() {
    let restaurant = restaurant().await;
    let gateway = &restaurant.gateway;
    let order = restaurant.ordered().await;
    restaurant.move_to(&order, "PRETE").await;
    let draft = restaurant.delivery(&order).await;
    assert_ne!(draft["livreurId"], Value::Null);

    let new = json!({"commandeId": order, "clientNom": "Léa Martin"});
    let filled = gateway.post("/delivery-api/livraisons", new.clone()).await;
    let filled = filled.ok(201);
    assert_eq!(filled["id"], draft["id"]);
    assert_eq!(filled["livreurId"], Value::Null);
    let again = gateway.post("/delivery-api/livraisons", new).await;
    let _ = again.problem(400, "delivery_exists");

    let path = format!("/delivery-api/livraisons/{}", draft["id"].as_str().unwrap());
    let taken = json!({"livreurId": draft["livreurId"]});
    let taken = gateway.request(Method::PATCH, &path).send_json(taken).await;
    assert_eq!(taken.ok(200)["livreurId"], draft["livreurId"]);
}

#[actix_web::test]
async fn a_cancelled_order_leaves_the_kitchen_and_its_courier() {
    let restaurant = restaurant().await;
    let (waiting, ready) = (restaurant.ordered().await, restaurant.ordered().await);
    restaurant.ticket(&waiting).await;
    restaurant.move_to(&ready, "PRETE").await;
    restaurant.assignment(&ready).await;
    for order in [&waiting, &ready] {
        restaurant.move_to(order, "ANNULEE").await;
    }
    eventually("the orders to leave", async || {
        let ticket = restaurant.find("/kitchen/orders", "order_id", &waiting);
        let assignment = restaurant.find("/delivery/assigned", "order_id", &ready);
        (ticket.await.is_none() && assignment.await.is_none()).then_some(())
    })
    .await;
}

#[actix_web::test]
async fn the_kitchen_learns_missed_and_forgotten_orders_when_it_is_back() {
    let mut restaurant = restaurant().await;
    let before = restaurant.ordered().await;
    restaurant.ticket(&before).await;
    restaurant.stop(Service::Kitchen).await;
    let meanwhile = restaurant.ordered().await;
    restaurant.start(Service::Kitchen).await;
    restaurant.ticket(&before).await;
    restaurant.ticket(&meanwhile).await;
}

#[actix_web::test]
async fn a_dish_that_is_ready_while_delivery_is_down_is_assigned_once_it_is_back() {
    let mut restaurant = restaurant().await;
    let order = restaurant.ordered().await;
    restaurant.ticket(&order).await;
    restaurant.stop(Service::Delivery).await;
    restaurant.mark("kitchen", &order).await;
    restaurant.becomes(&order, "PRETE").await;
    restaurant.start(Service::Delivery).await;
    restaurant.assignment(&order).await;
}

#[actix_web::test]
async fn a_mark_made_while_the_order_service_is_down_reaches_it_once_it_is_back() {
    let mut restaurant = restaurant().await;
    let order = restaurant.ordered().await;
    restaurant.ticket(&order).await;
    restaurant.stop(Service::Orders).await;
    restaurant.mark("kitchen", &order).await;
    restaurant.start(Service::Orders).await;
    restaurant.becomes(&order, "PRETE").await;
    restaurant.assignment(&order).await;
}

#[actix_web::test]
async fn a_mark_outlives_the_kitchen_that_made_it() {
    let mut restaurant = restaurant().await;
    let order = restaurant.ordered().await;
    restaurant.ticket(&order).await;
    restaurant.stop(Service::Orders).await;
    restaurant.mark("kitchen", &order).await;
    restaurant.stop(Service::Kitchen).await;
    restaurant.start(Service::Orders).await;
    restaurant.start(Service::Kitchen).await;
    restaurant.becomes(&order, "PRETE").await;
}

#[actix_web::test]
async fn an_order_is_one_in_every_service_however_its_id_is_spelled() {
    let restaurant = restaurant().await;
    let client = json!(uuid::Uuid::now_v7().to_string().to_uppercase());
    let dish = restaurant.dish().await["id"]
        .as_str()
        .unwrap()
        .to_uppercase();
    let order = json!({"clientId": client, "items": [{"menuId": dish, "quantite": 1}]});
    let placed = restaurant.gateway.post("/order-api/commandes", order).await;
    let placed = placed.ok(201);
    let lower = |value: &Value| value.as_str().unwrap().to_lowercase();
    assert_eq!(placed["clientId"], json!(lower(&client)));
    assert_eq!(placed["items"][0]["menuId"], json!(dish.to_lowercase()));

    let order = placed["id"].as_str().unwrap();
    let upper = order.to_uppercase();
    restaurant.ticket(order).await;
    let tracked = restaurant.gateway.get(&format!("/suivi/{upper}")).await;
    let tracked = tracked.ok(200);
    assert_eq!(tracked["kitchen"]["order_id"], order);

    restaurant.mark("kitchen", &upper).await;
    restaurant.becomes(&upper, "PRETE").await;
    restaurant.assignment(order).await;
    let filled = json!({"commandeId": upper, "commentaires": "Code 42B"});
    let filled = restaurant.gateway.post("/delivery-api/livraisons", filled);
    assert_eq!(filled.await.ok(201)["commandeId"], order);
    let mine = format!("/order-api/commandes?clientId={}", client.as_str().unwrap());
    let mine = restaurant.gateway.get(&mine).await.ok(200);
    assert_eq!(mine.as_array().unwrap().len(), 1);

    restaurant.mark("delivery", &upper).await;
    restaurant.becomes(order, "LIVREE").await;
    let all = format!("/delivery-api/livraisons?commandeId={order}");
    let all = restaurant.gateway.get(&all).await.ok(200);
    assert_eq!(all.as_array().unwrap().len(), 1);
}
