//! A simulated kitchen: orders come in from the order service, are prepared and leave when they are
//! ready.
//!
//! It holds everything in memory and stands in for a kitchen service that does not exist yet.

pub mod access;
pub mod description;
mod kitchen;
mod routes;

use order_feed::mock::Mock;
use service_kit::env::{ConfigError, Env};
use service_kit::program::RunError;
use service_kit::serve::Application;
use shared_types::order::OrderStage;

pub use order_feed::mock::Config;

const MOCK: Mock = Mock {
    name: "kitchen",
    bind_variable: "KITCHEN_MOCK_BIND",
    port: 8003,
    file: "data/kitchen.db",
    rules: access::RULES,
    stage: OrderStage::Kitchen,
};

/// # Errors
/// A variable is set to an invalid value.
pub fn config(env: &Env) -> Result<Config, ConfigError> {
    MOCK.config(env)
}

/// # Errors
/// The address cannot be bound, or the file of reports cannot be opened.
pub async fn build(config: Config) -> Result<Application, RunError> {
    MOCK.build(config, routes::SharedKitchen::new, routes::configure)
        .await
}
