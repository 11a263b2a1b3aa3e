//! Tests of a restart.

use super::service;

#[actix_web::test]
async fn a_token_survives_a_restart() {
    let service = service().await;
    service.register("lea@example.com").await;
    let token = service.log_in("lea@example.com").await;
    let again = service.restarted().await;
    let _ = again.sessions(&token).await.ok(200);
}
