//! What the operator's port answers beside the probes: how the upstreams are, and failure drills.

mod drills;
mod rehearsal;

use std::sync::Arc;

use actix_web::{HttpResponse, web};
use service_kit::serve::resource;

use crate::proxy::TlsConfig;
use crate::state::State;

/// What the operator's routes work with.
#[derive(Clone)]
pub(crate) struct Operator {
    pub(crate) state: Arc<State>,
    pub(crate) tls: TlsConfig,
    /// One verdict at a time: two would see each other's outages.
    pub(crate) rehearsing: Arc<tokio::sync::Mutex<()>>,
}

impl Operator {
    pub(crate) fn new(state: Arc<State>, tls: TlsConfig) -> Self {
        Self {
            state,
            tls,
            rehearsing: Arc::default(),
        }
    }

    pub(crate) fn routes(&self, config: &mut web::ServiceConfig) {
        config
            .app_data(web::Data::new(self.clone()))
            .service(resource("/status", "GET").route(web::get().to(status)))
            .configure(drills::routes);
    }
}

async fn status(operator: web::Data<Operator>) -> HttpResponse {
    HttpResponse::Ok().json(operator.state.operator_status())
}
