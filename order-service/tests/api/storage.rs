//! The database behind the service: made, missing, locked, or written to by others.

use order_service::Config;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Connection as _};

use crate::{Service, database_url, new_order, path};

async fn open(service: &Service) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(service.database());
    options.connect().await.unwrap()
}

#[actix_web::test]
async fn the_database_is_made_with_its_folder_and_ready() {
    let service = Service::start(true).await;
    assert!(service.database().is_file());
    let _ = service.get("/live").await.ok(200);
    let _ = service.get("/ready").await.ok(200);
}

#[actix_web::test]
async fn a_database_that_cannot_be_opened_stops_the_start() {
    let folder = tempfile::tempdir().unwrap();
    // A file stands where the folder should be.
    std::fs::write(folder.path().join("data"), "").unwrap();
    let config = Config {
        bind: "127.0.0.1:0".parse().unwrap(),
        database_url: database_url(&folder),
        seed_demo: true,
    };
    let error = order_service::build(config).await.err().unwrap();
    assert!(error.to_string().contains("data"), "{error}");
}

#[actix_web::test]
async fn orders_survive_a_restart() {
    let first = Service::start(true).await;
    let order = first.order().await;
    let second = Service::start_in(first.folder, true).await;
    assert_eq!(second.get(&path(&order)).await.ok(200), order);
}

#[actix_web::test]
async fn a_row_that_cannot_be_read_back_is_a_500_that_tells_nothing() {
    let service = Service::start(true).await;
    let order = service.order().await;
    let mut other = open(&service).await;
    sqlx::query("UPDATE orders SET status = 'PERDUE'")
        .execute(&mut other)
        .await
        .unwrap();
    let paths = [path(&order), "/commandes".to_owned()];
    for path in &paths {
        let problem = service.get(path).await.problem(500, "internal_error");
        assert!(!problem.detail.contains("PERDUE"), "{}", problem.detail);
    }
}

#[actix_web::test]
async fn while_another_process_writes_reads_go_on_and_an_order_is_told_to_come_back() {
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
