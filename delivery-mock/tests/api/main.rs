//! Black-box tests of delivery on a free port.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a panic in a test is a failed test"
)]

mod at_once;
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
mod merge_patch;
mod notes;
mod removal;
mod states;
mod statuses;
mod taking;
mod unavailable;

use std::path::Path;

use actix_web::http::Method;
use order_feed::testing::{FakeOrderService, Instance};
use serde_json::{Value, json};
use service_kit::env::Env;
use service_kit::testing::{Answer, Client, Process};
use shared_types::order::{Order, OrderStatus};

const DELIVERY: Instance = Instance {
    bind_variable: "DELIVERY_MOCK_BIND",
    file: "delivery.db",
    binary: env!("CARGO_BIN_EXE_delivery-mock"),
};

/// A delivery service without an order service.
async fn delivery(seed_demo: bool) -> Client {
    start(DELIVERY.env(seed_demo)).await
}

/// A delivery service with samples, an order service and a file in `folder`.
async fn linked(orders: &FakeOrderService, folder: &Path) -> Client {
    start(DELIVERY.linked_env(orders, folder)).await
}

async fn start(env: Env) -> Client {
    let config = delivery_mock::config(&env).unwrap();
    Instance::serve(delivery_mock::build(config).await.unwrap())
}

fn process(orders: &FakeOrderService, folder: &Path) -> Process {
    DELIVERY.process(orders, folder)
}

/// An id that nobody has.
const NOBODY: &str = "0192f0c5-1111-7aaa-8bbb-0123456789ff";

/// A new courier's id.
async fn courier(client: &Client, name: &str) -> Value {
    let new = json!({"nom": name, "email": format!("{name}@example.com")});
    client.post("/livreurs", new).await.ok(201)["id"].clone()
}

/// The path of a new delivery without a courier.
async fn unassigned(client: &Client, order: &str) -> String {
    let new = json!({"commandeId": order});
    path_of(&client.post("/livraisons", new).await.ok(201))
}

/// The path of a new delivery that a courier has.
async fn carried(client: &Client, order: &str, courier: &Value) -> String {
    let new = json!({"commandeId": order, "livreurId": courier});
    path_of(&client.post("/livraisons", new).await.ok(201))
}

/// Sends a change in which `null` removes a value.
async fn merge_patch(client: &Client, path: &str, patch: Value) -> Answer {
    let request = client.request(Method::PATCH, path);
    let media = "Application/merge-patch+json; charset=utf-8";
    let request = request.header("content-type", media);
    request.send_body(patch.to_string().into()).await
}

/// Sends an event that the order has reached `status`.
async fn tell(client: &Client, order: &Order, status: OrderStatus) {
    let order = order.clone();
    order_feed::testing::tell(client, &Order { status, ..order }).await;
}

fn path_of(delivery: &Value) -> String {
    format!("/livraisons/{}", delivery["id"].as_str().unwrap())
}

/// One field of every element of a list.
fn column<'a>(list: &'a Value, field: &str) -> Vec<&'a Value> {
    let rows = list.as_array().unwrap().iter();
    rows.map(|row| &row[field]).collect()
}
