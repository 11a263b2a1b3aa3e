//! The gateway as a process of its own.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// A request makes about fifty allocations, most of them short-lived.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    gateway::cli::run()
}
