//! Tests of a database with invalid rows.

use super::{Service, path};

#[actix_web::test]
async fn a_row_that_cannot_be_read_back_is_a_500_that_tells_nothing() {
    let service = Service::start(true).await;
    let order = service.order().await;
    service.alter("UPDATE orders SET status = 'PERDUE'").await;
    let paths = [path(&order), "/commandes".to_owned()];
    for path in &paths {
        let problem = service.get(path).await.problem(500, "internal_error");
        assert!(!problem.detail.contains("PERDUE"), "{}", problem.detail);
    }
}

#[actix_web::test]
async fn a_service_whose_database_is_broken_is_alive_and_not_ready() {
    let service = Service::start(true).await;
    let _ = service.get("/ready").await.ok(200);
    service
        .alter("ALTER TABLE _sqlx_migrations RENAME TO lost")
        .await;
    assert_eq!(service.get("/ready").await.status, 503);
    assert_eq!(service.get("/live").await.status, 200);
}
