//! What a restart keeps, the files it is kept in, and what happens when they are broken.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use actix_web::http::Method;
use client_service::DatabaseUrl;

use crate::{config, service, service_with, start};

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

#[actix_web::test]
async fn a_token_survives_a_restart() {
    let service = service().await;
    service.register("lea@example.com").await;
    let token = service.log_in("lea@example.com").await;
    let secret = fs::read(service.folder.path().join("jwt-secret")).unwrap();

    let again = start(config(service.folder.path())).await;
    let request = again.request(Method::GET, "/auth/sessions").bearer(&token);
    let _ = request.send().await.ok(200);
    let kept = fs::read(service.folder.path().join("jwt-secret")).unwrap();
    assert_eq!(kept, secret);
}

#[actix_web::test]
async fn the_secret_and_the_database_are_their_owners_alone() {
    let service = service().await;
    service.register("lea@example.com").await;
    for file in ["jwt-secret", "clients.db", "clients.db-wal"] {
        assert_eq!(mode(&service.folder.path().join(file)), 0o600, "{file}");
    }
}

#[actix_web::test]
async fn a_secret_of_the_operator_is_not_written_down() {
    let secret = "0123456789abcdef0123456789abcdef".parse().unwrap();
    let service = service_with(|config| config.jwt_secret = Some(secret)).await;
    assert!(!service.folder.path().join("jwt-secret").exists());
}

#[actix_web::test]
async fn missing_folders_are_made() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a/b/clients.db");
    let mut config = config(folder.path());
    config.database_url = DatabaseUrl::File(file.clone());
    let _ = start(config).await.get("/ready").await.ok(200);
    assert!(file.exists());
}

#[actix_web::test]
async fn a_database_that_cannot_be_opened_stops_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("clients.db");
    fs::write(
        &file,
        "this is no database, and long enough to be seen as none",
    )
    .unwrap();
    let started = client_service::build(config(folder.path())).await;
    assert!(started.is_err());
}

#[actix_web::test]
async fn a_broken_database_is_a_500_that_tells_nothing() {
    let service = service().await;
    service.alter("ALTER TABLE clients RENAME TO lost").await;
    let problem = service.http.get("/clients").await;
    let problem = problem.problem(500, "internal_error");
    for leak in ["clients", "table", "SQL", "sqlite"] {
        assert!(!problem.detail.contains(leak), "{}", problem.detail);
    }
}

#[actix_web::test]
async fn a_service_whose_database_is_broken_is_alive_and_not_ready() {
    let service = service().await;
    service
        .alter("ALTER TABLE _sqlx_migrations RENAME TO lost")
        .await;
    assert_eq!(service.http.get("/ready").await.status, 503);
    assert_eq!(service.http.get("/live").await.status, 200);
}
