//! `cargo run --release -p bench`: measures the programs, built as for the images, from outside, as their clients see them.
//!
//! It knows no service's code, only what the contract says of them, so that the same load can be put on anything
//! that speaks it. Each measurement is a subcommand: `orders`, which runs where none is named, `journey`, `lists`, `idle`,
//! `bodies`, `outages`, `siege`, `proxy`, `growth` and `soak`.

mod bodies;
mod client;
mod disk;
mod filler;
mod gateway;
mod growth;
mod idle;
mod journey;
mod lists;
mod load;
mod machine;
mod markdown;
mod nginx;
mod order;
mod orders;
mod outages;
mod plot;
mod process;
mod proxy;
mod report;
mod restaurant;
mod server;
mod service;
mod siege;
mod sink;
mod soak;
mod stats;
mod upstream;

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tokio::signal::unix::{SignalKind, signal};

/// Every failure ends the run and is told to a person.
type Error = Box<dyn std::error::Error + Send + Sync>;

/// Measures Passe-plat's release binaries on this machine.
#[derive(Debug, Parser)]
#[command(name = "bench", version, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    measurement: Option<Measurement>,
    #[command(flatten)]
    orders: orders::Options,
}

#[derive(Debug, Subcommand)]
enum Measurement {
    /// `POST /commandes` of the order service on SQLite, beside what the disk itself can do (the default)
    Orders(orders::Options),
    /// How long it takes until one domain hears of another: the life of an order, through the gateway
    Journey(journey::Options),
    /// What `GET /commandes` without a limit costs, with few orders and with a million
    Lists(lists::Options),
    /// What idle connections and slow heads cost the gateway, and whoever else is a client of it; beside nginx
    Idle(idle::Options),
    /// What passing on a request costs the gateway, beside other proxies
    Proxy(proxy::Options),
    /// How what a request costs the gateway grows, beside nginx
    Growth(growth::Options),
    /// What a large body takes of the gateway on its way through it, up and down
    Bodies(bodies::Options),
    /// What an upstream that is down costs those who ask for it, those who do not, and itself
    Outages(outages::Options),
    /// A full disk, a wrong clock, a locked database and an absent kitchen at once, and whether all is right again afterwards
    Soak(soak::Options),
    /// What becomes of everybody else while one address attacks; beside nginx
    Siege(siege::Options),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let measurement = cli.measurement.unwrap_or(Measurement::Orders(cli.orders));
    match measure(measurement) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody is left to tell where even standard error is gone.
            let _ = writeln!(io::stderr(), "bench: {error}");
            ExitCode::FAILURE
        }
    }
}

/// One thread for the whole of it: a load generator with several would take more of the cores that it shares with
/// what it measures.
fn measure(measurement: Measurement) -> Result<(), Error> {
    if cfg!(debug_assertions) {
        return Err("an unoptimised load generator measures itself: cargo run --release".into());
    }
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().build()?.block_on(async {
        // Handled, so that an interrupted run takes its processes and files with it too.
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        tokio::select! {
            measured = run(measurement) => measured,
            _ = terminate.recv() => Err("terminated".into()),
            _ = interrupt.recv() => Err("interrupted".into()),
        }
    })
}

async fn run(measurement: Measurement) -> Result<(), Error> {
    match measurement {
        Measurement::Orders(options) => orders::run(options).await,
        Measurement::Journey(options) => journey::run(options).await,
        Measurement::Lists(options) => lists::run(options).await,
        Measurement::Idle(options) => idle::run(options).await,
        Measurement::Proxy(options) => proxy::run(options).await,
        Measurement::Growth(options) => growth::run(options).await,
        Measurement::Bodies(options) => bodies::run(options).await,
        Measurement::Outages(options) => outages::run(options).await,
        Measurement::Siege(options) => siege::run(options).await,
        Measurement::Soak(options) => soak::run(options).await,
    }
}
