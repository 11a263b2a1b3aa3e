//! The counter service as a process of its own.

use std::process::ExitCode;

use service_kit::program::{self, Program};

fn main() -> ExitCode {
    let program = Program {
        name: "counter-service",
        about: "Keeps requests while their service is away, and delivers them",
        version: env!("CARGO_PKG_VERSION"),
        configure: counter_service::Config::from_env,
        bind_variable: "COUNTER_SERVICE_BIND",
        bind: |config| config.bind,
        database: |config| &config.database_url,
    };
    program::run(&program, counter_service::build)
}
