//! Tests of the whole restaurant through the gateway.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a panic in a test is a failed test"
)]

mod access;
mod bad_input;
#[path = "../shared/certificate.rs"]
mod certificate;
mod chaos;
mod collection;
mod collector;
mod compression;
mod deferred;
mod erasure;
mod examples;
mod full_disk;
mod in_step;
mod journey;
mod lookup;
mod menu;
#[path = "../shared/observability.rs"]
mod observability;
mod outages;
#[path = "../shared/processes.rs"]
mod processes;
mod prometheus;
mod routes;
mod signals;
mod spans;
mod states;
mod traces;

use serde_json::{Value, json};
use service_kit::env::Env;
use service_kit::testing::Client;
use stack::{Options, Stack};
use tempfile::TempDir;

/// A restaurant for one test, on free ports, with the demo data.
struct Restaurant {
    stack: Stack,
    gateway: Client,
    _data: TempDir,
}

async fn restaurant() -> Restaurant {
    restaurant_with("open").await
}

async fn restaurant_with(access: &'static str) -> Restaurant {
    let data = tempfile::tempdir().unwrap();
    let env = Env::of_pairs([
        ("GATEWAY_WORKERS", "1"),
        ("GATEWAY_RATE_LIMIT", "off"),
        ("ACCESS", access),
    ]);
    let options = Options::on_free_ports(data.path(), env);
    let stack = Stack::start(options).await.unwrap();
    Restaurant {
        gateway: Client::of(stack.addr()),
        stack,
        _data: data,
    }
}

impl Restaurant {
    /// An available dish of the menu.
    async fn dish(&self) -> Value {
        let menu = self.gateway.get("/order-api/menu").await.ok(200);
        let mut dishes = menu.as_array().unwrap().iter();
        dishes
            .find(|dish| dish["disponible"] == true)
            .unwrap()
            .clone()
    }

    /// A new order's id.
    async fn ordered(&self) -> String {
        let client = json!(uuid::Uuid::now_v7());
        let order = self.order(&client).await;
        order["id"].as_str().unwrap().to_owned()
    }

    async fn move_to(&self, order: &str, status: &str) {
        let path = format!("/order-api/commandes/{order}/status");
        let moved = self.gateway.patch(&path, json!({"status": status})).await;
        let _ = moved.ok(200);
    }

    async fn order(&self, client: &Value) -> Value {
        let items = json!([{"menuId": self.dish().await["id"], "quantite": 2}]);
        let order = json!({"clientId": client, "items": items});
        self.gateway
            .post("/order-api/commandes", order)
            .await
            .ok(201)
    }
}
