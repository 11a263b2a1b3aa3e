//! The gateway as a process of its own.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// A request allocates some fifty times, most of it for moments.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    gateway::cli::run()
}
