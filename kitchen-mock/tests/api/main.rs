//! The kitchen, seen from outside, on a free port.

#![expect(clippy::unwrap_used, reason = "a panic in a test is a failed test")]

mod at_once;
mod bad_input;
mod catch_up;
mod durability;
mod events;
mod full;
mod linked;
mod orders;
mod refused;
mod storage;

use std::path::Path;
use std::process::Command;

use actix_web::http::Method;
use kitchen_mock::Config;
use serde_json::Value;
use service_kit::env::Env;
use service_kit::testing::{Client, OrdersStandIn, Process};
use shared_types::event::{MEDIA_TYPE, OrderEvent};
use shared_types::golden;
use shared_types::id::OrderId;
use shared_types::order::{Order, OrderStatus};

/// A kitchen of its own for each test. It stops with the test's runtime.
async fn kitchen(seed_demo: bool) -> Client {
    let env = [
        ("KITCHEN_MOCK_BIND", "127.0.0.1:0"),
        ("SEED_DEMO", &seed_demo.to_string()),
    ];
    start(Env::of_pairs(env)).await
}

/// A kitchen with samples, an order service, and what that has yet to hear in this folder.
async fn linked(orders: &OrdersStandIn, folder: &Path) -> Client {
    let file = folder.join("kitchen.db");
    let env = [
        ("KITCHEN_MOCK_BIND", "127.0.0.1:0"),
        ("ORDERS_URL", &orders.url()),
        ("DATABASE_URL", &format!("sqlite://{}", file.display())),
    ];
    start(Env::of_pairs(env)).await
}

async fn start(env: Env) -> Client {
    let config = Config::from_env(&env).unwrap();
    let application = kitchen_mock::build(config).await.unwrap();
    let client = Client::of(application.addr());
    actix_web::rt::spawn(application.run_until(std::future::pending()));
    client
}

/// The real binary without samples, its file where it is by default.
fn process(orders: &OrdersStandIn, folder: &Path) -> Process {
    Process::start(
        Command::new(env!("CARGO_BIN_EXE_kitchen-mock"))
            .env_clear()
            .env("KITCHEN_MOCK_BIND", "127.0.0.1:0")
            .env("SEED_DEMO", "false")
            .env("ORDERS_URL", orders.url())
            .current_dir(folder),
    )
}

/// An order that nobody has heard of yet, younger than those before it.
fn order(status: OrderStatus) -> Order {
    let golden: Order = serde_json::from_str(golden::ORDER).unwrap();
    Order {
        id: OrderId::generate(),
        status,
        ..golden
    }
}

/// An event of the order service.
async fn tell(kitchen: &Client, order: &Order) {
    let event = serde_json::to_string(&OrderEvent::about(order.clone())).unwrap();
    let request = kitchen.request(Method::POST, "/events");
    let request = request.header("Content-Type", MEDIA_TYPE);
    let answer = request.send_body(event.into()).await;
    assert_eq!(answer.status.as_u16(), 204);
}

/// The ids of the tickets, as they are listed.
async fn tickets(kitchen: &Client) -> Vec<String> {
    let listed = kitchen.get("/orders").await.ok(200);
    let id = |ticket: &Value| ticket["order_id"].as_str().unwrap().to_owned();
    listed.as_array().unwrap().iter().map(id).collect()
}
