//! What the operator's port answers beside the probes.

use std::sync::Arc;

use actix_web::{HttpResponse, web};
use service_kit::serve::resource;

use crate::state::State;

pub(crate) fn routes(config: &mut web::ServiceConfig, state: &Arc<State>) {
    config
        .app_data(web::Data::from(Arc::clone(state)))
        .service(resource("/status", "GET").route(web::get().to(status)));
}

async fn status(state: web::Data<State>) -> HttpResponse {
    HttpResponse::Ok().json(state.operator_status())
}
