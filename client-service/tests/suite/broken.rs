//! Tests of a database with invalid rows.

use super::service;

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
