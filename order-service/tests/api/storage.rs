//! Tests of the database file: created, blocked, locked by others, or full.

use std::process::Command;

use service_kit::testing::{Client, Process, eventually};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Connection as _};

use crate::TestDatabase;
use crate::suite::{Service, config, new_order, path};

async fn open(service: &Service) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(service.database.file());
    options.connect().await.unwrap()
}

#[actix_web::test]
async fn the_database_is_made_with_its_folder_and_ready() {
    let service = Service::start(true).await;
    assert!(service.database.file().is_file());
    let _ = service.get("/live").await.ok(200);
    let _ = service.get("/ready").await.ok(200);
}

#[actix_web::test]
async fn a_database_that_cannot_be_opened_stops_the_start() {
    let database = TestDatabase::fresh();
    // A file instead of the folder.
    std::fs::write(database.folder.path().join("data"), "").unwrap();
    let error = order_service::build(config(&database, true)).await;
    let error = error.err().unwrap();
    assert!(error.to_string().contains("data"), "{error}");
}

#[actix_web::test]
async fn while_another_process_writes_reads_go_on_and_orders_get_a_503() {
    let service = Service::start(true).await;
    let order = service.order().await;
    let mut other = open(&service).await;
    let lock = other.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let (refused, read) = futures_util::future::join(
        service.post("/commandes", new_order()),
        service.get(&path(&order)),
    )
    .await;
    assert_eq!(read.ok(200), order);
    let _ = refused.problem(503, "service_unavailable");
    assert_eq!(refused.header("retry-after"), Some("1"));
    lock.rollback().await.unwrap();
    let _ = service.order().await;
}

/// The real program with a limit of 1 MiB for each file. A write beyond it fails as on a full disk.
#[cfg(target_os = "linux")]
fn start_on_a_small_disk(database: &TestDatabase) -> Process {
    // SIGXFSZ would end the process before the write could fail (setrlimit(2)).
    let shell = "trap '' XFSZ; exec prlimit --fsize=1048576:unlimited \"$0\"";
    Process::start(
        Command::new("sh")
            .args(["-c", shell])
            .arg(env!("CARGO_BIN_EXE_order-service"))
            .env("ORDER_SERVICE_BIND", "127.0.0.1:0")
            .env("DATABASE_URL", database.url())
            .env("RUST_LOG", "info,access=off"),
    )
}

#[cfg(target_os = "linux")]
#[actix_web::test]
async fn a_full_disk_shows_in_ready_and_in_one_log_line_and_ends_by_itself() {
    let database = TestDatabase::fresh();
    let process = start_on_a_small_disk(&database);
    let http = Client::of(process.addr());
    eventually("a full disk", async || {
        let ordered = http.post("/commandes", new_order()).await;
        (ordered.status != 201).then_some(())
    })
    .await;
    let refused = http.post("/commandes", new_order()).await;
    let _ = refused.problem(503, "service_unavailable");
    assert_eq!(refused.header("retry-after"), Some("5"));
    eventually("a service that is not ready", async || {
        (http.get("/ready").await.status == 503).then_some(())
    })
    .await;
    let _ = http.get("/live").await.ok(200);
    let _ = http.get("/commandes?limit=1").await.ok(200);
    let told = "the database cannot be written to";
    let line = process.line_with(told);
    assert!(line.contains("disk I/O error"), "{line}");

    process.set_file_size_limit("unlimited");
    eventually("a service that is ready", async || {
        (http.get("/ready").await.status == 200).then_some(())
    })
    .await;
    let _ = http.post("/commandes", new_order()).await.ok(201);
    let _ = process.line_with("the database can be written to again");
    let lines = process.log();
    let lines = lines.iter().filter(|line| line.contains(told));
    assert_eq!(lines.count(), 1, "{:#?}", process.log());
}

#[actix_web::test]
async fn files_removed_under_a_running_service_are_noticed_at_once() {
    let database = TestDatabase::fresh();
    let process = Process::start(
        Command::new(env!("CARGO_BIN_EXE_order-service"))
            .env_clear()
            .env("ORDER_SERVICE_BIND", "127.0.0.1:0")
            .env("DATABASE_URL", database.url()),
    );
    let http = Client::of(process.addr());
    let order = http.post("/commandes", new_order()).await.ok(201);
    std::fs::remove_dir_all(database.file().parent().unwrap()).unwrap();
    let refused = http.post("/commandes", new_order()).await;
    let _ = refused.problem(503, "service_unavailable");
    assert_eq!(refused.header("retry-after"), Some("5"));
    assert_eq!(http.get("/ready").await.status, 503);
    assert_eq!(http.get(&path(&order)).await.ok(200), order);
    let line = process.line_with("writes to the database would be lost");
    assert!(line.contains("orders.db was removed or replaced"), "{line}");
}

#[actix_web::test]
async fn a_second_service_on_the_same_file_is_refused_by_name() {
    let service = Service::start(true).await;
    let mut second = Process::start(
        Command::new(env!("CARGO_BIN_EXE_order-service"))
            .env_clear()
            .env("ORDER_SERVICE_BIND", "127.0.0.1:0")
            .env("DATABASE_URL", service.database.url()),
    );
    assert_eq!(second.wait().code(), Some(1));
    let file = service.database.file().display().to_string();
    let line = second.line_with(&file);
    assert!(line.contains("is in use by another process"), "{line}");
    let _ = service.order().await;
}
