//! A simulated kitchen: orders come in from the order service, are prepared and leave when they are ready.
//!
//! It keeps everything in memory and stands in for a kitchen service that does not exist yet. Linked to an order service,
//! it hears of orders by events, asks for those still open when it starts, and reports what is marked here.

mod config;
mod kitchen;
mod routes;

use actix_web::web;
use service_kit::health::Readiness;
use service_kit::orders::Orders;
use service_kit::program::RunError;
use service_kit::serve::{Application, Service};
use shared_types::order::OrderStatus;

pub use config::Config;

/// What concerns it: it asks for the orders that stand there when it starts, and when it has room again.
const CONCERN: &[OrderStatus] = &[OrderStatus::Preparing, OrderStatus::Pending];

/// # Errors
/// The address cannot be bound, or what is to be reported cannot be kept.
pub async fn build(config: Config) -> Result<Application, RunError> {
    let orders = Orders::open_if_linked(config.orders_url, &config.database_url).await?;
    let kitchen = web::Data::new(routes::SharedKitchen::new(config.seed_demo, orders.clone()));
    let service = Service {
        name: "kitchen",
        bind: config.bind,
        workers: 1, // every request is a lookup in memory
        readiness: orders
            .as_ref()
            .map_or_else(Readiness::always, Orders::readiness),
    };
    let (shared, linked) = (kitchen.clone(), orders.clone());
    let application = Application::bind(service, move |routes| {
        routes.app_data(shared.clone()).configure(routes::configure);
        if let Some(orders) = &linked {
            orders.expose(routes);
        }
    })?;
    Ok(match orders {
        None => application,
        Some(orders) => {
            application.beside(|draining| orders.run(CONCERN, kitchen.into_inner(), draining))
        }
    })
}
