//! The tests that the service passes on every database, from outside, on a free port and a database
//! of its own.

mod bounds;
mod crash;
mod delivery;
mod expiry;
mod keys;
mod order;
mod retries;
mod strict;
mod taking;
pub(crate) mod upstream;
mod withdrawal;

use std::io;
use std::ops::Deref;

use actix_web::http::Method;
use actix_web::rt::task::JoinHandle;
use counter_service::{Bounds, Config};
use serde_json::{Value, json};
use service_kit::serve::Draining;
use service_kit::testing::{Answer, Client, eventually};
use sqlx::{AnyConnection, Connection as _};

use crate::TestDatabase;
use upstream::Upstream;

pub(crate) const KEY: &str = "correct-horse-battery-staple-and-more";

/// A running service. After a drop it runs on until the test's runtime ends.
pub(crate) struct Service {
    client: Client,
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
    pub(crate) async fn start(upstream: &Upstream) -> Self {
        Self::start_on(TestDatabase::fresh(), upstream).await
    }

    pub(crate) async fn start_on(database: TestDatabase, upstream: &Upstream) -> Self {
        Self::start_with(config(&database, upstream), database).await
    }

    pub(crate) async fn start_with(config: Config, database: TestDatabase) -> Self {
        let application = counter_service::build(config).await.unwrap();
        let client = Client::of(application.addr());
        let stop = Draining::default();
        let asked = stop.clone();
        let ended = application.run_until(async move { asked.begun().await });
        Self {
            client,
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

    /// Hands in an order of the client at this address.
    pub(crate) async fn hand_in(&self, address: &str, body: &Value) -> Answer {
        self.send(address, None, body).await
    }

    pub(crate) async fn send(&self, address: &str, key: Option<&str>, body: &Value) -> Answer {
        let request = self.request(Method::POST, "/deferred/orders/commandes");
        let request = request.header("X-Forwarded-For", address);
        let request = match key {
            Some(key) => request.header("Idempotency-Key", key),
            None => request,
        };
        request.send_json(body.clone()).await
    }

    pub(crate) async fn find(&self, entry: &Value) -> Value {
        self.get(&path(entry)).await.ok(200)
    }

    /// Waits until the entry has this state.
    pub(crate) async fn becomes(&self, entry: &Value, state: &str) -> Value {
        eventually(state, async || {
            let found = self.find(entry).await;
            (found["status"] == state).then_some(found)
        })
        .await
    }

    pub(crate) async fn waiting(&self) -> u64 {
        let queue = self.get("/deferred").await.ok(200);
        queue["waiting"].as_u64().unwrap()
    }

    /// The number of rows of which this is true.
    pub(crate) async fn count(&self, condition: &str) -> i64 {
        let mut database = AnyConnection::connect(&self.database.url()).await.unwrap();
        let count = format!("SELECT COUNT(*) FROM entries WHERE {condition}");
        let count = sqlx::query_scalar(sqlx::AssertSqlSafe(count));
        count.fetch_one(&mut database).await.unwrap()
    }

    /// Changes rows that no route can change.
    pub(crate) async fn alter(&self, sql: &'static str) {
        let mut database = AnyConnection::connect(&self.database.url()).await.unwrap();
        sqlx::query(sql).execute(&mut database).await.unwrap();
    }
}

pub(crate) fn config(database: &TestDatabase, upstream: &Upstream) -> Config {
    Config {
        bind: "127.0.0.1:0".parse().unwrap(),
        database_url: database.url().parse().unwrap(),
        upstreams: vec![counter_service::Upstream {
            name: "orders",
            url: upstream.url(),
        }],
        key: Some(KEY.parse().unwrap()),
        bounds: Bounds::default(),
        access: service_kit::access::Settings::default(),
    }
}

pub(crate) fn order(number: usize) -> Value {
    json!({"number": number})
}

pub(crate) fn path(entry: &Value) -> String {
    format!("/differe/{}", entry["id"].as_str().unwrap())
}
