//! Tests of the console and of the API's page in a real browser.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a panic in a test is a failed test"
)]

mod accessibility;
mod at_once;
mod browser;
mod console;
mod docs;
mod foreign;
mod layout;
mod login;
mod path;
#[expect(
    dead_code,
    reason = "each of the tests that share it needs a part of it"
)]
#[path = "../shared/processes.rs"]
mod processes;
mod readme;
mod rooms;
mod words;

use serde_json::{Value, json};
use service_kit::testing::{Client, eventually};
use stack::Service;

use console::{Console, DESK, PHONE};

#[actix_web::test]
async fn one_button_has_an_order_delivered() {
    let console = Console::open(DESK).await;
    console.clicks("#journey-all").await;
    console.sees("#step-delivered[data-state=done]").await;
    assert!(
        console
            .text("#journey-said")
            .await
            .starts_with("Order delivered in ")
    );
    let page = console.asks("return document.body.textContent").await;
    assert!(page.as_str().unwrap().contains("\"status\": \"LIVREE\""));
    for secret in ["eyJ", "\"password\": \"passe-plat\""] {
        assert!(!page.as_str().unwrap().contains(secret), "{secret}");
    }
    // The page's own requests pass through the gateway, which shows them.
    console.sees("#requests tbody tr:nth-child(7)").await;
    console.browser.picture("journey").await;
    console.was_well().await;
}

#[actix_web::test]
async fn a_stopped_kitchen_degrades_the_journey_until_it_is_back() {
    let mut console = Console::open(DESK).await;
    console.stack.stop_service(Service::Kitchen).await;
    console.sees("#upstream-kitchen[data-state=down]").await;
    console.sees("#feature-ordering[data-state=degraded]").await;
    assert_eq!(console.text("#overall").await, "Degraded service");
    console.clicks("#journey-all").await;
    console.sees("#step-kitchen[data-state=failed]").await;
    console.sees("#step-order[data-state=done]").await;
    console.sees("#step-follow[data-state=degraded]").await;
    console.sees("#requests tbody tr:nth-child(5)").await;
    console.browser.picture("outage").await;
    console.stack.start_service(Service::Kitchen).await.unwrap();
    console.sees("#upstream-kitchen[data-state=up]").await;
    for step in ["kitchen", "courier", "delivered"] {
        console.plays(step).await;
    }
    console.was_well().await;
}

#[actix_web::test]
async fn an_order_left_with_its_courier_keeps_no_later_one_waiting() {
    let console = Console::open(DESK).await;
    for step in ["login", "menu", "order", "kitchen", "courier"] {
        console.plays(step).await;
    }
    console.clicks("#journey-all").await;
    console.sees("#step-delivered[data-state=done]").await;
    console.was_well().await;
}

#[actix_web::test]
async fn an_order_is_delivered_while_two_ready_ones_wait_for_a_courier() {
    let console = Console::open(DESK).await;
    let gateway = Client::of(console.stack.addr());
    // The first ones take the free couriers.
    let mut waiting = 0;
    while waiting < 2 {
        let delivery = delivery_of_a_ready_order(&gateway).await;
        waiting += u32::from(delivery["livreurId"].is_null());
    }
    console.clicks("#journey-all").await;
    console.sees("#step-delivered[data-state=done]").await;
    // The demo client's address.
    let orders = gateway.get("/order-api/commandes?status=LIVREE").await;
    let orders = orders.ok(200);
    assert_eq!(orders.as_array().unwrap().len(), 1);
    assert_eq!(orders[0]["adresse"], "12 rue des Lilas, 69003 Lyon");
    assert_eq!(orders[0]["telephone"], "06 39 98 12 34");
    console.was_well().await;
}

/// Makes an order that is ready. Returns its delivery.
async fn delivery_of_a_ready_order(gateway: &Client) -> Value {
    let order = json!({
        "clientId": uuid::Uuid::now_v7(),
        "items": [{"menuId": "0192f0c4-0a11-7000-8000-000000000001", "quantite": 1}],
    });
    let order = gateway.post("/order-api/commandes", order).await.ok(201);
    let path = format!(
        "/order-api/commandes/{}/status",
        order["id"].as_str().unwrap()
    );
    let _ = gateway
        .patch(&path, json!({"status": "PRETE"}))
        .await
        .ok(200);
    let path = format!(
        "/delivery-api/livraisons?commandeId={}",
        order["id"].as_str().unwrap()
    );
    eventually("its delivery", async || {
        let found = gateway.get(&path).await.ok(200);
        found.get(0).cloned()
    })
    .await
}

#[actix_web::test]
async fn the_journey_goes_on_with_a_new_client_once_the_demo_client_is_deleted() {
    let console = Console::open(DESK).await;
    let gateway = Client::of(console.stack.addr());
    let clients = gateway.get("/client-api/clients").await.ok(200);
    let demo = clients[0]["id"].as_str().unwrap();
    assert_eq!(clients[0]["email"], stack::DEMO_ACCOUNTS[0].email);
    let _ = gateway
        .delete(&format!("/client-api/clients/{demo}"))
        .await
        .ok(200);
    for round in 0..2 {
        console.clicks("#journey-all").await;
        console.sees("#step-delivered[data-state=done]").await;
        let clients = gateway.get("/client-api/clients").await.ok(200);
        // A new client was signed up, and the next login uses it.
        assert_eq!(
            clients.as_array().unwrap().len(),
            stack::DEMO_ACCOUNTS.len(),
            "{round}"
        );
    }
    let page = console.asks("return document.body.textContent").await;
    assert!(
        !page
            .as_str()
            .unwrap()
            .contains("\"password\": \"passe-plat\"")
    );
    console.was_well().await;
}

#[actix_web::test]
async fn a_pause_stays_in_another_language() {
    let console = Console::open(DESK).await;
    let newest = "#requests tbody tr:first-child .id";
    console.plays("login").await;
    console.sees(newest).await;
    let before = console.text(newest).await;
    console.clicks("#pause").await;
    console.plays("menu").await;
    // The event that counts the route has its requests, too.
    eventually("the menu in the traffic", async || {
        let routes = console.text("#routes").await;
        routes.contains("/order-api/menu/filter").then_some(())
    })
    .await;
    console.clicks("#lang-fr").await;
    assert_eq!(console.text(newest).await, before);
    console.clicks("#pause").await;
    assert_ne!(console.text(newest).await, before);
    console.was_well().await;
}

#[actix_web::test]
async fn a_drill_shows_and_the_verdict_on_all_of_them() {
    let console = Console::open(DESK).await;
    console.clicks("#drill-orders-down").await;
    console.sees("#upstream-orders[data-state=drill]").await;
    console.sees("#overall[data-state=degraded]").await;
    console.sees("#drill-orders-down[aria-pressed=true]").await;
    console.clicks("#drill-orders-end").await;
    console.sees("#upstream-orders[data-state=up]").await;
    let of_a_route = "return fetch('/drills/routes/kitchen/orders', { method: 'PUT', \
        headers: { 'Content-Type': 'application/json' }, body: '{\"mode\": \"reset\", \"for\": \"30s\"}' }).then((answer) => answer.status)";
    assert_eq!(console.asks(of_a_route).await, 200);
    console.sees("#drills-routes li").await;
    assert!(
        console
            .text("#drills-routes")
            .await
            .starts_with("/kitchen/orders")
    );
    let ended = "fetch('/drills/routes/kitchen/orders', { method: 'DELETE' })";
    console.asks(ended).await;
    console.sees("#drills-routes:empty").await;
    console.checks_it_all().await;
    console.browser.picture("verdict").await;
    console.was_well().await;
}

#[actix_web::test]
async fn it_fits_a_phone_and_speaks_french() {
    let console = Console::open(PHONE).await;
    assert_eq!(
        console.asks("return document.documentElement.lang").await,
        "fr"
    );
    assert_eq!(console.text("#overall").await, "Tout fonctionne");
    console.clicks("#journey-all").await;
    console.sees("#step-delivered[data-state=done]").await;
    let width = console
        .asks("return document.documentElement.scrollWidth")
        .await;
    assert_eq!(width, PHONE.width);
    console.browser.picture("phone").await;
    console.clicks("#lang-en").await;
    assert_eq!(console.text("#overall").await, "Everything works");
    console.was_well().await;
}
