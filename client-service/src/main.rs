//! The client service as a process of its own.

use std::process::ExitCode;

use service_kit::program::{self, Extra, Program};

fn main() -> ExitCode {
    let program = Program {
        name: "client-service",
        about: "Accounts, roles and sessions of the restaurant",
        version: env!("CARGO_PKG_VERSION"),
        configure: client_service::Config::from_env,
        bind_variable: "CLIENT_SERVICE_BIND",
        bind: |config| config.bind,
        database: |config| &config.database_url,
    };
    let role = Extra {
        arguments: client_service::role_arguments(),
        run: |config, given| Box::pin(client_service::give_role(config, given)),
    };
    program::run_with(&program, Some(role), client_service::build)
}
