//! The routes `/live` and `/ready` of a service.

use actix_web::{HttpResponse, web};

use super::draining::Draining;
use super::resource::resource;
use crate::health::{Readiness, live_answer, ready_answer};

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .service(resource("/live", "GET").route(web::get().to(live)))
        .service(resource("/ready", "GET").route(web::get().to(ready)));
}

async fn live() -> HttpResponse {
    live_answer()
}

async fn ready(readiness: web::Data<Readiness>, draining: web::Data<Draining>) -> HttpResponse {
    ready_answer(!draining.is_announced() && readiness.is_ready().await)
}
