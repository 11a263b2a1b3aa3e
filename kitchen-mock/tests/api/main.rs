//! Black-box tests of the kitchen on a free port.

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

use order_feed::testing::{FakeOrderService, Instance};
use serde_json::Value;
use service_kit::env::Env;
use service_kit::testing::{Client, Process};

const KITCHEN: Instance = Instance {
    bind_variable: "KITCHEN_MOCK_BIND",
    file: "kitchen.db",
    binary: env!("CARGO_BIN_EXE_kitchen-mock"),
};

/// A kitchen without an order service.
async fn kitchen(seed_demo: bool) -> Client {
    start(KITCHEN.env(seed_demo)).await
}

/// A kitchen with samples, an order service and a file in `folder`.
async fn linked(orders: &FakeOrderService, folder: &Path) -> Client {
    start(KITCHEN.linked_env(orders, folder)).await
}

async fn start(env: Env) -> Client {
    let config = kitchen_mock::config(&env).unwrap();
    Instance::serve(kitchen_mock::build(config).await.unwrap())
}

fn process(orders: &FakeOrderService, folder: &Path) -> Process {
    KITCHEN.process(orders, folder)
}

/// The ids of the tickets, as they are listed.
async fn tickets(kitchen: &Client) -> Vec<String> {
    let listed = kitchen.get("/orders").await.ok(200);
    let id = |ticket: &Value| ticket["order_id"].as_str().unwrap().to_owned();
    listed.as_array().unwrap().iter().map(id).collect()
}
