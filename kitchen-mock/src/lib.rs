//! A simulated kitchen: orders come in, are prepared and leave when they are ready.
//!
//! It keeps everything in memory and stands in for a kitchen service that does not exist yet.

mod config;
mod kitchen;
mod routes;

use actix_web::web;
use service_kit::health::Readiness;
use service_kit::program::RunError;
use service_kit::serve::{Application, Service};

pub use config::Config;

/// # Errors
/// The address cannot be bound.
pub async fn build(config: Config) -> Result<Application, RunError> {
    let kitchen = web::Data::new(routes::SharedKitchen::new(config.seed_demo));
    let service = Service {
        name: "kitchen",
        bind: config.bind,
        workers: 1, // every request is a lookup in a short list
        readiness: Readiness::always(),
    };
    let application = Application::bind(service, move |routes| {
        routes
            .app_data(kitchen.clone())
            .configure(routes::configure);
    })?;
    Ok(application)
}
