//! Delivery as a process of its own.

use std::process::ExitCode;

use mimalloc::MiMalloc;
use service_kit::program::{self, Program};

/// glibc's would keep the memory of thousands of orders after they have ended.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    let program = Program {
        name: "delivery-mock",
        about: "Simulated deliveries and couriers of the restaurant",
        version: env!("CARGO_PKG_VERSION"),
        configure: delivery_mock::config,
        bind_variable: "DELIVERY_MOCK_BIND",
        bind: |config| config.bind,
        database: |config| &config.database_url,
    };
    program::run(&program, delivery_mock::build)
}
