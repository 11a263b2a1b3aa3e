//! The file behind the service: made, in the way, or locked by others.

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
    // A file stands where the folder should be.
    std::fs::write(database.folder.path().join("data"), "").unwrap();
    let error = order_service::build(config(&database, true)).await;
    let error = error.err().unwrap();
    assert!(error.to_string().contains("data"), "{error}");
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
