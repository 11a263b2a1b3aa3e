//! The accounts service, seen from outside, on a free port, with a database of its own.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a panic in a test is a failed test"
)]

mod bad_input;
mod clients;
mod demo;
mod durability;
mod files;
mod login;
mod registration;
mod sessions;
mod strict;
mod tokens;

use std::path::Path;
use std::time::Duration;

use actix_web::http::Method;
use client_service::{Access, Config, DatabaseUrl};
use serde_json::{Value, json};
use service_kit::testing::{Answer, Client, Request};
use tempfile::TempDir;

const PASSWORD: &str = "tarte-aux-pommes";

/// A running service. It stops with the test's runtime, and its files go with it.
struct Running {
    http: Client,
    folder: TempDir,
}

/// The published contract: open access, no demo accounts in the way.
fn config(folder: &Path) -> Config {
    Config {
        bind: "127.0.0.1:0".parse().unwrap(),
        database_url: DatabaseUrl::File(folder.join("clients.db")),
        jwt_secret: None,
        jwt_ttl: Duration::from_secs(3600),
        access: Access::Open,
        seed_demo: false,
    }
}

async fn start(config: Config) -> Client {
    let application = client_service::build(config).await.unwrap();
    let client = Client::of(application.addr());
    actix_web::rt::spawn(application.run_until(std::future::pending()));
    client
}

async fn service() -> Running {
    service_with(|_| {}).await
}

async fn service_with(change: impl FnOnce(&mut Config)) -> Running {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path());
    change(&mut config);
    let http = start(config).await;
    Running { http, folder }
}

fn new_client(email: &str) -> Value {
    json!({"email": email, "password": PASSWORD, "firstName": "Léa", "lastName": "Martin"})
}

impl Running {
    async fn register(&self, email: &str) -> Value {
        self.http.post("/clients", new_client(email)).await.ok(201)
    }

    async fn log_in(&self, email: &str) -> String {
        let login = json!({"email": email, "password": PASSWORD});
        let answer = self.http.post("/auth/login", login).await.ok(200);
        answer["access_token"].as_str().unwrap().to_owned()
    }

    fn request(&self, method: Method, path: &str, token: &str) -> Request {
        self.http.request(method, path).bearer(token)
    }

    async fn sessions(&self, token: &str) -> Answer {
        let request = self.request(Method::GET, "/auth/sessions", token);
        request.send().await
    }

    /// Changes what no route changes.
    async fn alter(&self, sql: &'static str) {
        let file = self.folder.path().join("clients.db");
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file);
        let pool = sqlx::SqlitePool::connect_with(options).await.unwrap();
        sqlx::query(sql).execute(&pool).await.unwrap();
        pool.close().await;
    }
}
