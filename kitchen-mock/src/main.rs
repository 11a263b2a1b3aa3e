//! The kitchen as a process of its own.

use std::process::ExitCode;

use mimalloc::MiMalloc;
use service_kit::program::{self, Program};

/// glibc's would keep the memory of thousands of orders after they have ended.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    let program = Program {
        name: "kitchen-mock",
        about: "A simulated kitchen of the restaurant",
        version: env!("CARGO_PKG_VERSION"),
        configure: kitchen_mock::config,
        bind_variable: "KITCHEN_MOCK_BIND",
        bind: |config| config.bind,
        database: |config| &config.database_url,
    };
    program::run(&program, kitchen_mock::build)
}
