//! The order service as a process of its own.

use std::process::ExitCode;

use service_kit::program::{self, Extra, Program};

fn main() -> ExitCode {
    let program = Program {
        name: "order-service",
        about: "The menu and the orders of the restaurant",
        version: env!("CARGO_PKG_VERSION"),
        configure: order_service::Config::from_env,
        bind_variable: "ORDER_SERVICE_BIND",
        bind: |config| config.bind,
        database: |config| &config.database_url,
    };
    let import = Extra {
        arguments: order_service::import_arguments(),
        run: |config, given| Box::pin(order_service::import(config, given)),
    };
    program::run_with(&program, Some(import), order_service::build)
}
