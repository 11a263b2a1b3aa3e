//! Simulated deliveries: couriers register, take orders and hand them over.
//!
//! It keeps everything in memory and stands in for a delivery service that does not exist yet.

mod config;
mod dispatch;
mod routes;

use actix_web::web;
use service_kit::health::Readiness;
use service_kit::program::RunError;
use service_kit::serve::{Application, Service};

pub use config::Config;

/// # Errors
/// The address cannot be bound.
pub async fn build(config: Config) -> Result<Application, RunError> {
    let dispatch = web::Data::new(routes::SharedDispatch::new(config.seed_demo));
    let service = Service {
        name: "delivery",
        bind: config.bind,
        workers: 1, // every request is short and in memory, and all of them share one lock
        readiness: Readiness::always(),
    };
    let application = Application::bind(service, move |routes| {
        routes
            .app_data(dispatch.clone())
            .configure(routes::configure);
    })?;
    Ok(application)
}
