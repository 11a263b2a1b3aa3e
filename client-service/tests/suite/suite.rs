//! The tests that the service passes on every database, from outside, on a free port and a database
//! of its own.
//!
//! They are compiled into one test binary for each kind of database, which supplies a
//! `TestDatabase`.

mod bad_input;
mod broken;
mod clients;
mod demo;
mod durability;
mod erasure;
mod guesses;
mod housekeeping;
mod idempotency;
mod keys;
mod login;
mod onslaught;
mod order_service;
mod password;
mod profile;
mod registration;
mod reset;
mod restart;
mod sessions;
mod smtp;
mod smtp_server;
mod strict;
mod tokens;

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use actix_web::http::Method;
use actix_web::rt::task::JoinHandle;
use client_service::{Access, Config, Mail, Region};
use serde_json::{Value, json};
use service_kit::serve::Draining;
use service_kit::testing::{Answer, Client, Request};
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _};

use crate::TestDatabase;

pub(crate) const PASSWORD: &str = "tarte-aux-pommes";

/// A running service. After a drop it runs on until the test's runtime ends; its database is
/// deleted with the last owner.
pub(crate) struct Running {
    pub(crate) http: Client,
    pub(crate) database: TestDatabase,
    pub(crate) addr: SocketAddr,
    stop: Draining,
    ended: JoinHandle<io::Result<()>>,
}

/// The published contract: open access, no demo accounts.
pub(crate) fn config(database: &TestDatabase) -> Config {
    Config {
        bind: "127.0.0.1:0".parse().unwrap(),
        database_url: database.url().parse().unwrap(),
        jwt_secret: TestDatabase::secret(),
        jwt_ttl: Duration::from_secs(3600),
        jwt_previous_secret: None,
        access: Access::Open,
        peer_secret: None,
        orders_url: None,
        phone_region: Region::FRANCE,
        mail: Mail::Off,
        reset_link: "https://restaurant.example/reset?token={token}"
            .parse()
            .unwrap(),
        seed_demo: false,
    }
}

pub(crate) async fn start(config: Config) -> Client {
    let application = client_service::build(config).await.unwrap();
    let client = Client::of(application.addr());
    actix_web::rt::spawn(application.run_until(std::future::pending()));
    client
}

pub(crate) async fn service() -> Running {
    service_with(|_| {}).await
}

pub(crate) async fn service_with(change: impl FnOnce(&mut Config)) -> Running {
    let database = TestDatabase::fresh();
    let mut config = config(&database);
    change(&mut config);
    start_on(config, database).await
}

async fn start_on(config: Config, database: TestDatabase) -> Running {
    let application = client_service::build(config).await.unwrap();
    let addr = application.addr();
    let stop = Draining::default();
    let asked = stop.clone();
    let ended = application.run_until(async move { asked.begun().await });
    Running {
        http: Client::of(addr),
        database,
        addr,
        stop,
        ended: actix_web::rt::spawn(ended),
    }
}

pub(crate) fn new_client(email: &str) -> Value {
    json!({"email": email, "password": PASSWORD, "firstName": "Léa", "lastName": "Martin"})
}

impl Running {
    /// Stops it as `docker stop` does, and waits for its end.
    pub(crate) async fn stop(self) -> TestDatabase {
        self.stop.begin();
        self.ended.await.unwrap().unwrap();
        self.database
    }

    /// The same service after a restart.
    pub(crate) async fn restarted(self) -> Self {
        self.restarted_with(|_| {}).await
    }

    pub(crate) async fn restarted_with(self, change: impl FnOnce(&mut Config)) -> Self {
        let database = self.stop().await;
        let mut config = config(&database);
        change(&mut config);
        start_on(config, database).await
    }

    pub(crate) async fn register(&self, email: &str) -> Value {
        self.http.post("/clients", new_client(email)).await.ok(201)
    }

    pub(crate) async fn log_in(&self, email: &str) -> String {
        let login = json!({"email": email, "password": PASSWORD});
        let answer = self.http.post("/auth/login", login).await.ok(200);
        answer["access_token"].as_str().unwrap().to_owned()
    }

    fn request(&self, method: Method, path: &str, token: &str) -> Request {
        self.http.request(method, path).bearer(token)
    }

    pub(crate) async fn sessions(&self, token: &str) -> Answer {
        let request = self.request(Method::GET, "/auth/sessions", token);
        request.send().await
    }

    /// Changes rows that no route can change.
    pub(crate) async fn alter(&self, sql: &'static str) {
        let mut database = AnyConnection::connect(&self.database.url()).await.unwrap();
        sqlx::query(sql).execute(&mut database).await.unwrap();
    }

    /// Counts rows that no route shows.
    pub(crate) async fn count(&self, sql: &str) -> i64 {
        let mut database = AnyConnection::connect(&self.database.url()).await.unwrap();
        let count = sqlx::query_scalar(AssertSqlSafe(sql.to_owned()));
        count.fetch_one(&mut database).await.unwrap()
    }
}
