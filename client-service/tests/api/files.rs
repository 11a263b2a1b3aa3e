//! Tests of the files that the service creates, and of broken ones.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use serde_json::json;

use crate::TestDatabase;
use crate::suite::{PASSWORD, config, service, service_with, start};

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

#[actix_web::test]
async fn the_secret_survives_a_restart() {
    let service = service().await;
    let file = service.database.folder().join("jwt-secret");
    let secret = fs::read(&file).unwrap();
    let _again = service.restarted().await;
    assert_eq!(fs::read(&file).unwrap(), secret);
}

#[actix_web::test]
async fn the_secret_and_the_database_are_their_owners_alone() {
    let service = service().await;
    service.register("lea@example.com").await;
    for file in ["jwt-secret", "clients.db", "clients.db-wal"] {
        assert_eq!(mode(&service.database.folder().join(file)), 0o600, "{file}");
    }
}

#[actix_web::test]
async fn a_secret_of_the_operator_is_not_written_down() {
    let secret = "0123456789abcdef0123456789abcdef".parse().unwrap();
    let service = service_with(|config| config.jwt_secret = Some(secret)).await;
    assert!(!service.database.folder().join("jwt-secret").exists());
}

#[actix_web::test]
async fn missing_folders_are_made() {
    let database = TestDatabase::fresh();
    let file = database.folder().join("a/b/clients.db");
    let mut config = config(&database);
    config.database_url = format!("sqlite://{}", file.display()).parse().unwrap();
    let _ = start(config).await.get("/ready").await.ok(200);
    assert!(file.exists());
}

#[actix_web::test]
async fn a_database_that_cannot_be_opened_stops_the_start() {
    let database = TestDatabase::fresh();
    let stray = "this is no database, and long enough to be seen as none";
    fs::write(database.file(), stray).unwrap();
    let started = client_service::build(config(&database)).await;
    assert!(started.is_err());
}

#[actix_web::test]
async fn a_copy_of_a_running_service_has_its_accounts_and_is_its_owners_alone() {
    let service = service().await;
    service.register("lea@example.com").await;
    let copy = service.database.folder().join("copy.db");
    let output = Command::new(env!("CARGO_BIN_EXE_client-service"))
        .env_clear()
        .env("DATABASE_URL", service.database.url())
        .arg("backup")
        .arg(&copy)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(mode(&copy), 0o600);
    let mut config = config(&TestDatabase::fresh());
    config.database_url = format!("sqlite://{}", copy.display()).parse().unwrap();
    let login = json!({"email": "lea@example.com", "password": PASSWORD});
    let _ = start(config).await.post("/auth/login", login).await.ok(200);
}
