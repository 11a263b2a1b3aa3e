//! Delivery, seen from outside, on a free port.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a panic in a test is a failed test"
)]

mod bad_input;
mod couriers;
mod deliveries;
mod marks;
mod removal;
mod statuses;
mod taking;

use delivery_mock::Config;
use serde_json::{Value, json};
use service_kit::testing::Client;

/// A delivery service of its own for each test. It stops with the test's runtime.
async fn delivery(seed_demo: bool) -> Client {
    let bind = "127.0.0.1:0".parse().unwrap();
    let application = delivery_mock::build(Config { bind, seed_demo })
        .await
        .unwrap();
    let client = Client::of(application.addr());
    actix_web::rt::spawn(application.run_until(std::future::pending()));
    client
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

fn path_of(delivery: &Value) -> String {
    format!("/livraisons/{}", delivery["id"].as_str().unwrap())
}

/// One field of every element of a list.
fn column<'a>(list: &'a Value, field: &str) -> Vec<&'a Value> {
    let rows = list.as_array().unwrap().iter();
    rows.map(|row| &row[field]).collect()
}
