//! The tests that the service passes on every database, from outside, on a free port and a database
//! of its own.
//!
//! They are compiled into one test binary for each kind of database, which supplies a
//! `TestDatabase`.

mod bad_orders;
mod bodies;
mod broken;
mod demo;
mod dishes;
mod durability;
mod erasure;
mod events;
mod filters;
mod housekeeping;
mod idempotency;
mod import;
pub(crate) mod linked;
mod list;
mod long_list;
mod menu;
mod notes;
mod opening;
mod orders;
mod paging;
mod restart;
mod share;
mod states;
mod status;
pub(crate) mod subscriber;
mod terms;
mod versions;

use std::io;
use std::net::SocketAddr;
use std::ops::Deref;

use actix_web::rt::task::JoinHandle;
use order_service::{Config, OpenPerAddress, Opening};
use serde_json::{Value, json};
use service_kit::serve::Draining;
use service_kit::testing::{Answer, Client};
use sqlx::{AnyConnection, Connection as _};

use crate::TestDatabase;

/// The available sample dish that the golden order names.
const TART: &str = "0192f0c4-0a11-7000-8000-000000000001";

/// The sample dish that is not available.
const MUSSELS: &str = "0192f0c4-0a11-7000-8000-000000000006";

const CLIENT: &str = "0192f0c4-7b1a-7c3e-9d52-3f6a1b2c4d5e";

/// A running service. After a drop it runs on until the test's runtime ends; its database is
/// deleted with the last owner.
pub(crate) struct Service {
    client: Client,
    addr: SocketAddr,
    pub(crate) database: TestDatabase,
    stop: Draining,
    ended: JoinHandle<io::Result<()>>,
}

impl Deref for Service {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl Service {
    pub(crate) async fn start(seed_demo: bool) -> Self {
        Self::start_on(TestDatabase::fresh(), seed_demo).await
    }

    pub(crate) async fn start_on(database: TestDatabase, seed_demo: bool) -> Self {
        let config = config(&database, seed_demo);
        Self::start_with(config, database).await
    }

    pub(crate) async fn start_with(config: Config, database: TestDatabase) -> Self {
        let application = order_service::build(config).await.unwrap();
        let addr = application.addr();
        let stop = Draining::default();
        let asked = stop.clone();
        let ended = application.run_until(async move { asked.begun().await });
        Self {
            client: Client::of(addr),
            addr,
            database,
            stop,
            ended: actix_web::rt::spawn(ended),
        }
    }

    /// Stops it as `docker stop` does, and waits for its end.
    pub(crate) async fn stop(self) -> TestDatabase {
        self.stop.begin();
        self.ended.await.unwrap().unwrap();
        self.database
    }

    /// A new order of `CLIENT`.
    pub(crate) async fn order(&self) -> Value {
        self.post("/commandes", new_order()).await.ok(201)
    }

    pub(crate) async fn change(&self, order: &Value, status: &str) -> Answer {
        self.patch(&status_path(order), json!({"status": status}))
            .await
    }

    /// Gives an order another time.
    pub(crate) async fn set_created(&self, id: &Value, millis: i64) {
        let mut database = AnyConnection::connect(&self.database.url()).await.unwrap();
        sqlx::query("UPDATE orders SET created_at = $1 WHERE id = $2")
            .bind(millis)
            .bind(id.as_str().unwrap())
            .execute(&mut database)
            .await
            .unwrap();
    }

    /// Changes rows that no route can change.
    pub(crate) async fn alter(&self, sql: &'static str) {
        let mut database = AnyConnection::connect(&self.database.url()).await.unwrap();
        sqlx::query(sql).execute(&mut database).await.unwrap();
    }
}

pub(crate) fn config(database: &TestDatabase, seed_demo: bool) -> Config {
    Config {
        bind: "127.0.0.1:0".parse().unwrap(),
        database_url: database.url().parse().unwrap(),
        kitchen_url: None,
        delivery_url: None,
        open_per_address: OpenPerAddress::default(),
        access: service_kit::access::Settings::default(),
        opening: Opening::default(),
        retention: None,
        seed_demo,
    }
}

pub(crate) fn new_order() -> Value {
    order_of(json!([{"menuId": TART, "quantite": 2}]))
}

fn order_of(items: Value) -> Value {
    json!({"clientId": CLIENT, "items": items})
}

pub(crate) fn path(order: &Value) -> String {
    format!("/commandes/{}", order["id"].as_str().unwrap())
}

pub(crate) fn status_path(order: &Value) -> String {
    format!("{}/status", path(order))
}

/// The values of one key of every element.
pub(crate) fn each(list: &Value, key: &str) -> Vec<Value> {
    let list = list.as_array().unwrap().iter();
    list.map(|element| element[key].clone()).collect()
}
