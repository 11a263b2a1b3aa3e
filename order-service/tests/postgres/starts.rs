//! Tests of a start while another session holds the lock of the migrations.

use std::process::Command;

use service_kit::testing::{Client, Process, eventually};
use sqlx::migrate::Migrate as _;
use sqlx::{AnyConnection, Connection as _};

use crate::TestDatabase;

fn start(database: &TestDatabase) -> Process {
    Process::start(
        Command::new(env!("CARGO_BIN_EXE_order-service"))
            .env_clear()
            .env("ORDER_SERVICE_BIND", "127.0.0.1:0")
            .env("DATABASE_URL", database.url()),
    )
}

/// Takes the lock as a replica does that is busy with its migrations.
async fn hold_the_lock(database: &TestDatabase) -> AnyConnection {
    sqlx::any::install_default_drivers();
    let mut other = AnyConnection::connect(&database.url()).await.unwrap();
    other.lock().await.unwrap();
    other
}

#[actix_web::test]
async fn a_start_that_waits_for_the_migrations_of_another_says_so_and_goes_on_after_them() {
    let database = TestDatabase::fresh();
    let mut other = hold_the_lock(&database).await;
    let holder: i32 = sqlx::query_scalar("SELECT pg_backend_pid()")
        .fetch_one(&mut other)
        .await
        .unwrap();
    let process = start(&database);
    let line = process.line_with("is brought up to date as soon as");
    assert!(
        line.contains(&format!("processes {holder} give up a lock")),
        "{line}"
    );
    other.unlock().await.unwrap();
    let _ = Client::of(process.addr()).get("/ready").await.ok(200);
}

#[actix_web::test]
async fn a_start_gives_up_on_a_lock_that_is_not_given_back_and_says_why() {
    let database = TestDatabase::fresh();
    let _other = hold_the_lock(&database).await;
    let mut process = start(&database);
    let told = "another session has held a lock that it needs for 30 s";
    eventually("the end of its timeout", async || {
        let log = process.log();
        log.iter().any(|line| line.contains(told)).then_some(())
    })
    .await;
    assert_eq!(process.wait().code(), Some(1));
}
