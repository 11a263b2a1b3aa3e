//! The order service as a process of its own.

use std::process::ExitCode;

use service_kit::program::{self, Program};

fn main() -> ExitCode {
    let program = Program {
        name: "order-service",
        about: "The menu and the orders of the restaurant",
        version: env!("CARGO_PKG_VERSION"),
        configure: order_service::Config::from_env,
        bind: |config| config.bind,
        database: |config| &config.database_url,
    };
    program::run(&program, order_service::build)
}
