//! Delivery, seen from outside, on a free port.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a panic in a test is a failed test"
)]

mod at_once;
mod away;
mod bad_input;
mod catch_up;
mod couriers;
mod deliveries;
mod drafts;
mod durability;
mod events;
mod idempotency;
mod linked;
mod marks;
mod removal;
mod statuses;
mod taking;

use std::path::Path;
use std::process::Command;

use actix_web::http::Method;
use delivery_mock::Config;
use serde_json::{Value, json};
use service_kit::env::Env;
use service_kit::testing::{Client, OrdersStandIn, Process};
use shared_types::event::{MEDIA_TYPE, OrderEvent};
use shared_types::golden;
use shared_types::id::OrderId;
use shared_types::order::{Order, OrderStatus};

/// A delivery service of its own for each test. It stops with the test's runtime.
async fn delivery(seed_demo: bool) -> Client {
    let env = [
        ("DELIVERY_MOCK_BIND", "127.0.0.1:0"),
        ("SEED_DEMO", &seed_demo.to_string()),
    ];
    start(Env::of_pairs(env)).await
}

/// One with samples, an order service, and what that has yet to hear in this folder.
async fn linked(orders: &OrdersStandIn, folder: &Path) -> Client {
    let file = folder.join("delivery.db");
    let env = [
        ("DELIVERY_MOCK_BIND", "127.0.0.1:0"),
        ("ORDERS_URL", &orders.url()),
        ("DATABASE_URL", &format!("sqlite://{}", file.display())),
    ];
    start(Env::of_pairs(env)).await
}

async fn start(env: Env) -> Client {
    let config = Config::from_env(&env).unwrap();
    let application = delivery_mock::build(config).await.unwrap();
    let client = Client::of(application.addr());
    actix_web::rt::spawn(application.run_until(std::future::pending()));
    client
}

/// The real binary without samples, its file where it is by default.
fn process(orders: &OrdersStandIn, folder: &Path) -> Process {
    Process::start(
        Command::new(env!("CARGO_BIN_EXE_delivery-mock"))
            .env_clear()
            .env("DELIVERY_MOCK_BIND", "127.0.0.1:0")
            .env("SEED_DEMO", "false")
            .env("ORDERS_URL", orders.url())
            .current_dir(folder),
    )
}

/// An id that nobody has.
const NOBODY: &str = "0192f0c5-1111-7aaa-8bbb-0123456789ab";

/// A new courier's id.
async fn courier(client: &Client, name: &str) -> Value {
    let new = json!({"nom": name, "email": format!("{name}@example.com")});
    client.post("/livreurs", new).await.ok(201)["id"].clone()
}

/// The path of a new delivery that nobody has taken.
async fn unassigned(client: &Client, order: &str) -> String {
    let new = json!({"commandeId": order});
    path_of(&client.post("/livraisons", new).await.ok(201))
}

/// The path of a new delivery that a courier has.
async fn carried(client: &Client, order: &str, courier: &Value) -> String {
    let new = json!({"commandeId": order, "livreurId": courier});
    path_of(&client.post("/livraisons", new).await.ok(201))
}

/// An order that nobody has heard of yet, younger than those before it.
fn order() -> Order {
    order_at(OrderStatus::Pending)
}

fn order_at(status: OrderStatus) -> Order {
    let golden: Order = serde_json::from_str(golden::ORDER).unwrap();
    let id = OrderId::generate();
    Order {
        id,
        status,
        ..golden
    }
}

fn event_of(order: &Order, status: OrderStatus) -> Value {
    let order = order.clone();
    serde_json::to_value(OrderEvent::about(Order { status, ..order })).unwrap()
}

/// An event of the order service.
async fn tell(client: &Client, order: &Order, status: OrderStatus) {
    let request = client.request(Method::POST, "/events");
    let request = request.header("Content-Type", MEDIA_TYPE);
    let body = event_of(order, status).to_string();
    let answer = request.send_body(body.into()).await;
    assert_eq!((answer.status.as_u16(), answer.body.len()), (204, 0));
}

fn path_of(delivery: &Value) -> String {
    format!("/livraisons/{}", delivery["id"].as_str().unwrap())
}

/// One field of every element of a list.
fn column<'a>(list: &'a Value, field: &str) -> Vec<&'a Value> {
    let rows = list.as_array().unwrap().iter();
    rows.map(|row| &row[field]).collect()
}
