//! The order service, seen from outside, on a free port and a database of its own.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a panic in a test is a failed test"
)]

mod bad_orders;
mod demo;
mod durability;
mod list;
mod menu;
mod orders;
mod paging;
mod status;
mod storage;

use std::ops::Deref;
use std::path::PathBuf;

use order_service::{Config, DatabaseUrl};
use serde_json::{Value, json};
use service_kit::testing::Client;
use tempfile::TempDir;

/// The available sample dish that the golden order names.
const TART: &str = "0192f0c4-0a11-7000-8000-000000000001";

/// The sample dish that is not available.
const MUSSELS: &str = "0192f0c4-0a11-7000-8000-000000000006";

const CLIENT: &str = "0192f0c4-7b1a-7c3e-9d52-3f6a1b2c4d5e";

/// A running service. It stops with the test's runtime; its database goes with it.
struct Service {
    client: Client,
    folder: TempDir,
}

impl Deref for Service {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl Service {
    async fn start(seed_demo: bool) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), seed_demo).await
    }

    async fn start_in(folder: TempDir, seed_demo: bool) -> Self {
        let config = Config {
            bind: "127.0.0.1:0".parse().unwrap(),
            database_url: database_url(&folder),
            seed_demo,
        };
        let application = order_service::build(config).await.unwrap();
        let client = Client::of(application.addr());
        actix_web::rt::spawn(application.run_until(std::future::pending()));
        Self { client, folder }
    }

    fn database(&self) -> PathBuf {
        database(&self.folder)
    }

    /// An order of `CLIENT`, made.
    async fn order(&self) -> Value {
        self.post("/commandes", new_order()).await.ok(201)
    }

    async fn change(&self, order: &Value, status: &str) -> service_kit::testing::Answer {
        self.patch(&status_path(order), json!({"status": status}))
            .await
    }
}

/// In a folder that is still to be made.
fn database(folder: &TempDir) -> PathBuf {
    folder.path().join("data").join("orders.db")
}

fn database_url(folder: &TempDir) -> DatabaseUrl {
    DatabaseUrl::File(database(folder))
}

fn new_order() -> Value {
    order_of(json!([{"menuId": TART, "quantite": 2}]))
}

fn order_of(items: Value) -> Value {
    json!({"clientId": CLIENT, "items": items})
}

fn path(order: &Value) -> String {
    format!("/commandes/{}", order["id"].as_str().unwrap())
}

fn status_path(order: &Value) -> String {
    format!("{}/status", path(order))
}

/// The values of one key of every element.
fn each(list: &Value, key: &str) -> Vec<Value> {
    let list = list.as_array().unwrap().iter();
    list.map(|element| element[key].clone()).collect()
}
