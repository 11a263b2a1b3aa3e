//! The accounts service as a process of its own.

use std::process::ExitCode;

use service_kit::program::{self, Program};

fn main() -> ExitCode {
    let program = Program {
        name: "client-service",
        about: "Accounts, roles and sessions of the restaurant",
        version: env!("CARGO_PKG_VERSION"),
    };
    program::run(
        &program,
        client_service::Config::from_env,
        |config| config.bind,
        client_service::build,
    )
}
