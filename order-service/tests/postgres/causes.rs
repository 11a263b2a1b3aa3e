//! Tests that the log names the reason why the server gives no connection, and not only that a pool
//! timed out.

use std::process::Command;

use futures_util::future::join_all;
use service_kit::testing::{Client, Postgres, Process, eventually, postgres_or_skip};
use sqlx::{AnyConnection, Connection as _};

use crate::TestDatabase;
use crate::suite::{new_order, path, status_path};

/// More than the service's connections.
const MANY: usize = 20;

/// The real program, whose log can be read.
fn start(url: &str) -> Process {
    Process::start(
        Command::new(env!("CARGO_BIN_EXE_order-service"))
            .env_clear()
            .env("ORDER_SERVICE_BIND", "127.0.0.1:0")
            .env("RUST_LOG", "info,access=off,sqlx=off")
            .env("DATABASE_URL", url),
    )
}

/// Sends many requests at once and repeats that until the log has a line with all of these words.
async fn until_told(process: &Process, ask: impl AsyncFn(), words: &[&str]) {
    eventually(&format!("{words:?} in the log"), async || {
        join_all((0..MANY).map(|_| ask())).await;
        let log = process.log();
        let mut lines = log.iter();
        lines
            .any(|line| words.iter().all(|word| line.contains(word)))
            .then_some(())
    })
    .await;
    let log = process.log();
    let unsaid = log.iter().find(|line| line.contains("pool timed out"));
    assert!(unsaid.is_none(), "{unsaid:?}");
}

#[actix_web::test]
async fn the_log_names_an_unavailable_server() {
    let mut server = Postgres::start();
    let process = start(&TestDatabase::on(&server).url());
    let http = Client::of(process.addr());
    server.stop();
    let ask = async || {
        let refused = http.post("/commandes", new_order()).await;
        let _ = refused.problem(503, "service_unavailable");
    };
    until_told(&process, ask, &["service_unavailable", "os error"]).await;
    assert_eq!(http.get("/ready").await.status, 503);
    let line = process.line_with("the database does not answer");
    assert!(line.contains("os error"), "{line}");
}

#[actix_web::test]
async fn the_log_names_a_full_server() {
    let server = postgres_or_skip();
    let database = TestDatabase::fresh();
    let (name, role) = (database.name(), format!("narrow_{}", database.name()));
    // The two connections that exist from the start: one for reads and one for writes.
    server.run(&format!("CREATE ROLE {role} LOGIN CONNECTION LIMIT 2"));
    server.run(&format!("ALTER DATABASE {name} OWNER TO {role}"));
    let url = database.url().replace("postgres@", &format!("{role}@"));
    let process = start(&url);
    let http = Client::of(process.addr());
    let ask = async || {
        let _ = http.post("/commandes", new_order()).await;
    };
    until_told(
        &process,
        ask,
        &["service_unavailable", "too many connections"],
    )
    .await;
}

#[actix_web::test]
async fn the_log_names_the_sessions_that_hold_all_locks() {
    let database = TestDatabase::fresh();
    let process = start(&database.url());
    let http = Client::of(process.addr());
    let made = join_all((0..MANY).map(|_| http.post("/commandes", new_order())));
    let orders: Vec<_> = made.await.iter().map(|answer| answer.ok(201)).collect();
    sqlx::any::install_default_drivers();
    let mut other = AnyConnection::connect(&database.url()).await.unwrap();
    let holder: i32 = sqlx::query_scalar("SELECT pg_backend_pid()")
        .fetch_one(&mut other)
        .await
        .unwrap();
    let mut lock = other.begin().await.unwrap();
    sqlx::query("SELECT 1 FROM orders FOR UPDATE")
        .execute(&mut *lock)
        .await
        .unwrap();
    let mark = serde_json::json!({"status": "PRETE"});
    let ask = async || {
        let moves = orders
            .iter()
            .map(async |order| http.patch(&status_path(order), mark.clone()).await);
        join_all(moves).await;
    };
    let held = format!("wait for locks that the server's processes {holder}");
    until_told(&process, ask, &["service_unavailable", &held]).await;
    let read = http.get(&path(&orders[0])).await;
    assert_eq!(read.ok(200), orders[0]);
}
