//! Tests of `order-service backup FILE`, which copies the database of a running service.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use service_kit::testing::{Answered, Client, Process, eventually};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};

use crate::TestDatabase;
use crate::suite::{new_order, path};

const CLIENTS: usize = 8;
const COPIES: usize = 5;

fn program(url: &str) -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_order-service"));
    program
        .env_clear()
        .env("ORDER_SERVICE_BIND", "127.0.0.1:0")
        .env("RUST_LOG", "info,access=off")
        .env("DATABASE_URL", url);
    program
}

async fn backup(url: String, copy: PathBuf) -> Output {
    let backup = move || program(&url).arg("backup").arg(copy).output().unwrap();
    actix_web::rt::task::spawn_blocking(backup).await.unwrap()
}

#[track_caller]
fn assert_refused(output: &Output, why: &str) {
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains(why), "{told}");
}

async fn order_on(addr: SocketAddr, answered: Answered<Value>) {
    let http = Client::of(addr);
    loop {
        let order = http.post("/commandes", new_order()).await.ok(201);
        answered.borrow_mut().push(order);
    }
}

async fn integrity(copy: &Path) -> String {
    let options = SqliteConnectOptions::new().filename(copy);
    let mut copy = options.connect().await.unwrap();
    let found = sqlx::query_scalar("PRAGMA integrity_check").fetch_one(&mut copy);
    let found = found.await.unwrap();
    copy.close().await.unwrap();
    found
}

#[actix_web::test]
async fn a_copy_taken_under_load_is_whole_and_has_every_order_that_was_answered_before_it() {
    let database = TestDatabase::fresh();
    let service = Process::start(&mut program(&database.url()));
    let answered = Answered::default();
    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| actix_web::rt::spawn(order_on(service.addr(), answered.clone())))
        .collect();
    let mut copies = Vec::new();
    for number in 0..COPIES {
        let enough = 20 * (number + 1);
        eventually("more orders", async || {
            (answered.borrow().len() >= enough).then_some(())
        })
        .await;
        let before = answered.borrow().clone();
        let copy = database.folder.path().join(format!("copy{number}.db"));
        let output = backup(database.url(), copy.clone()).await;
        assert!(output.status.success(), "{output:?}");
        copies.push((copy, before));
    }
    clients.iter().for_each(|client| client.abort());

    for (copy, before) in copies {
        assert_eq!(integrity(&copy).await, "ok");
        let url = format!("sqlite://{}", copy.display());
        let restored = Process::start(&mut program(&url));
        let http = Client::of(restored.addr());
        for order in &before {
            assert_eq!(http.get(&path(order)).await.ok(200), *order);
        }
        let _ = http.post("/commandes", new_order()).await.ok(201);
    }
}

#[actix_web::test]
async fn a_service_that_was_killed_can_be_copied_before_it_starts_again() {
    let database = TestDatabase::fresh();
    let mut service = Process::start(&mut program(&database.url()));
    let http = Client::of(service.addr());
    let order = http.post("/commandes", new_order()).await.ok(201);
    service.kill();
    let copy = database.folder.path().join("copy.db");
    let output = backup(database.url(), copy.clone()).await;
    assert!(output.status.success(), "{output:?}");
    let restored = Process::start(&mut program(&format!("sqlite://{}", copy.display())));
    let http = Client::of(restored.addr());
    assert_eq!(http.get(&path(&order)).await.ok(200), order);
}

#[actix_web::test]
async fn a_failed_backup_says_why() {
    let database = TestDatabase::fresh();
    let copy = database.folder.path().join("copy.db");
    let missing = backup(database.url(), copy.clone()).await;
    assert_refused(&missing, "there is no database");
    let server = backup("postgres://user@db/orders".to_owned(), copy.clone()).await;
    assert_refused(&server, "pg_dump");
    assert!(!copy.exists());

    let service = Process::start(&mut program(&database.url()));
    let _ = service.addr();
    std::fs::write(&copy, "mine").unwrap();
    let taken = backup(database.url(), copy.clone()).await;
    assert_refused(&taken, "nothing is overwritten");
    assert_eq!(std::fs::read_to_string(copy).unwrap(), "mine");
}
