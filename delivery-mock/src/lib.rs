//! Simulated deliveries: couriers register, take orders and hand them over.
//!
//! They are held in memory and stand in for a delivery service that does not exist yet.

pub mod access;
pub mod description;
mod dispatch;
mod routes;

use order_feed::mock::Mock;
use service_kit::env::{ConfigError, Env};
use service_kit::program::RunError;
use service_kit::serve::Application;
use shared_types::order::OrderStage;

pub use order_feed::mock::Config;

const MOCK: Mock = Mock {
    name: "delivery",
    bind_variable: "DELIVERY_MOCK_BIND",
    port: 8004,
    file: "data/delivery.db",
    rules: access::RULES,
    stage: OrderStage::Delivery,
};

/// # Errors
/// A variable is set to an invalid value.
pub fn config(env: &Env) -> Result<Config, ConfigError> {
    MOCK.config(env)
}

/// # Errors
/// The address cannot be bound, or the file of reports cannot be opened.
pub async fn build(config: Config) -> Result<Application, RunError> {
    MOCK.build(config, routes::SharedDispatch::new, routes::configure)
        .await
}
