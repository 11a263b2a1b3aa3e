//! Delivery as a process of its own.

use std::process::ExitCode;

use service_kit::program::{self, Program};

fn main() -> ExitCode {
    let program = Program {
        name: "delivery-mock",
        about: "Simulated deliveries and couriers of the restaurant",
        version: env!("CARGO_PKG_VERSION"),
        configure: delivery_mock::config,
        bind: |config| config.bind,
        database: |config| &config.database_url,
    };
    program::run(&program, delivery_mock::build)
}
