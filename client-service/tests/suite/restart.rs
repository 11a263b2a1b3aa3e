//! What a restart keeps.

use actix_web::http::Method;

use super::{config, service, start};

#[actix_web::test]
async fn a_token_survives_a_restart() {
    let service = service().await;
    service.register("lea@example.com").await;
    let token = service.log_in("lea@example.com").await;
    let again = start(config(&service.database)).await;
    let request = again.request(Method::GET, "/auth/sessions").bearer(&token);
    let _ = request.send().await.ok(200);
}
