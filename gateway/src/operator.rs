//! The operator's port, beside its probes: the state of the upstreams, metrics, announced closures,
//! failure drills, and the console that shows all of it.

pub(crate) mod access;
mod audit;
pub(crate) mod closures;
pub(crate) mod config;
pub(crate) mod console;
mod docs;
mod drills;
mod exposition;
mod file;
pub(crate) mod openapi;
mod origin;
pub(crate) mod pages;
mod status;
pub(crate) mod traces;

use std::sync::Arc;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::{Next, from_fn};
use actix_web::{Error, HttpResponse, web};
use prometheus::TEXT_FORMAT;
use service_kit::failure::Failure;
use service_kit::serve::{Draining, resource};
use tokio::sync::mpsc;

use crate::answer::site::{Live, Site};
use crate::http::protection::protect_rest;
use crate::operator::console::Feed;
use crate::resilience::drills::Drills;
use crate::settings::names::Names;
use access::{Access, holders_only};
use audit::audit;
use config::{AskedReload, ConfigState};
use exposition::expose;
use origin::own_pages_only;
use traces::Traces;

/// The data of the operator's routes.
#[derive(Clone)]
pub(crate) struct Operator {
    pub(crate) live: Live,
    /// `None` if `GATEWAY_DRILLS` is off.
    pub(crate) drills: Option<Arc<Drills>>,
    /// `GATEWAY_ADMIN_HOSTS`: the names of this port.
    pub(crate) admin_hosts: Names,
    /// `GATEWAY_ADMIN_TOKEN`: who may use this port.
    pub(crate) access: Arc<Access>,
    /// One verdict at a time: two would see each other's simulated outages.
    pub(crate) rehearsing: Arc<tokio::sync::Mutex<()>>,
    pub(crate) feed: Arc<Feed>,
    pub(crate) config: Arc<ConfigState>,
    /// `GATEWAY_TRACES`: the traces that are kept here.
    pub(crate) traces: Arc<Traces>,
    /// Asks for a reload.
    pub(crate) reloads: mpsc::Sender<AskedReload>,
    /// The draining of the public port: it ends the console's in-process requests to the public
    /// API.
    pub(crate) public_draining: Draining,
}

impl Operator {
    /// The site that answers now.
    pub(crate) fn site(&self) -> Arc<Site> {
        self.live.site()
    }

    pub(crate) fn routes(&self, routes: &mut web::ServiceConfig) {
        let pages = web::scope("")
            // The last one is the first to see a request.
            .wrap(from_fn(holders_only))
            .wrap(from_fn(own_pages_only))
            .wrap(from_fn(audit))
            .wrap(from_fn(protected))
            .configure(access::routes)
            .service(resource("/status", "GET").route(web::get().to(status)))
            .service(resource("/metrics", "GET").route(web::get().to(metrics)))
            .configure(config::routes)
            .configure(closures::routes)
            .configure(drills::routes)
            .configure(traces::routes)
            .configure(|config| console::routes(config, self));
        routes.app_data(web::Data::new(self.clone())).service(pages);
    }
}

/// Adds the security fields of the gateway's own answers to those that have none of their own.
async fn protected(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let mut response = next.call(request).await?;
    protect_rest(response.headers_mut());
    Ok(response)
}

async fn metrics(operator: web::Data<Operator>) -> Result<HttpResponse, Failure> {
    let text = expose(&operator).map_err(Failure::internal)?;
    Ok(HttpResponse::Ok().content_type(TEXT_FORMAT).body(text))
}

async fn status(operator: web::Data<Operator>) -> HttpResponse {
    HttpResponse::Ok().json(status::status(&operator))
}
