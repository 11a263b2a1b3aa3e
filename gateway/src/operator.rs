//! The operator's port, beside its probes: the state of the upstreams, metrics, failure drills, and
//! the console that shows all of it.

pub(crate) mod console;
mod docs;
mod drills;
mod exposition;
pub(crate) mod openapi;
mod origin;
pub(crate) mod pages;
mod rehearsal;
mod status;

use std::sync::Arc;

use actix_web::middleware::from_fn;
use actix_web::{HttpResponse, web};
use prometheus::TEXT_FORMAT;
use service_kit::failure::Failure;
use service_kit::serve::{Draining, resource};

use crate::answer::features::RunningFeatures;
use crate::answer::site::Site;
use crate::operator::console::Feed;
use crate::resilience::drills::Drills;
use crate::settings::names::Names;
use crate::upstream::TlsConfig;
use exposition::expose;
use origin::own_pages_only;

/// The data of the operator's routes.
#[derive(Clone)]
pub(crate) struct Operator {
    pub(crate) site: Arc<Site>,
    pub(crate) features: RunningFeatures,
    /// `None` if `GATEWAY_DRILLS` is off.
    pub(crate) drills: Option<Arc<Drills>>,
    /// `GATEWAY_ADMIN_HOSTS`: the names of this port.
    pub(crate) admin_hosts: Names,
    pub(crate) tls: TlsConfig,
    /// One verdict at a time: two would see each other's simulated outages.
    pub(crate) rehearsing: Arc<tokio::sync::Mutex<()>>,
    pub(crate) feed: Arc<Feed>,
    /// The draining of the public port: it ends the console's in-process requests to the public
    /// API.
    pub(crate) public_draining: Draining,
}

impl Operator {
    pub(crate) fn routes(&self, config: &mut web::ServiceConfig) {
        let pages = web::scope("")
            .wrap(from_fn(own_pages_only))
            .service(resource("/status", "GET").route(web::get().to(status)))
            .service(resource("/metrics", "GET").route(web::get().to(metrics)))
            .configure(drills::routes)
            .configure(|config| console::routes(config, self));
        config.app_data(web::Data::new(self.clone())).service(pages);
    }
}

async fn metrics(operator: web::Data<Operator>) -> Result<HttpResponse, Failure> {
    let text = expose(&operator).map_err(Failure::internal)?;
    Ok(HttpResponse::Ok().content_type(TEXT_FORMAT).body(text))
}

async fn status(operator: web::Data<Operator>) -> HttpResponse {
    HttpResponse::Ok().json(status::status(&operator))
}
