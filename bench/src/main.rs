//! `cargo run --release -p bench` builds the programs as for the images and measures them from
//! outside, as their clients see them.
//!
//! It knows no service's code, only the contract, so that it can put the same load on anything that
//! speaks the contract. Each measurement is a subcommand: `orders` (the default), `journey`,
//! `lists`, `idle`, `bodies`, `outages`, `siege`, `proxy`, `growth` and `soak`.

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

/// Any failure ends the run and is shown to a person.
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
    /// `POST /commandes` of the order service on SQLite, compared with what the disk itself can do
    /// (the default)
    Orders(orders::Options),
    /// How long it takes until one domain hears of a change in another, over the life of an order,
    /// through the gateway
    Journey(journey::Options),
    /// The cost of `GET /commandes` without a limit, with few orders and with a million
    Lists(lists::Options),
    /// The cost of idle connections and slow heads for the gateway and its other clients, compared
    /// with nginx
    Idle(idle::Options),
    /// The gateway's cost of passing on a request, compared with other proxies
    Proxy(proxy::Options),
    /// How the cost of a request grows with routes, connections, fields and the answer's length,
    /// compared with nginx
    Growth(growth::Options),
    /// The gateway's cost of passing on a large body, up and down
    Bodies(bodies::Options),
    /// The cost of an upstream that is down for the clients that ask for it, the clients that do
    /// not, and itself
    Outages(outages::Options),
    /// Whether the restaurant recovers from a full disk, a wrong clock, a locked database and an
    /// absent kitchen at once
    Soak(soak::Options),
    /// How other clients fare while one address attacks, compared with nginx
    Siege(siege::Options),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let measurement = cli.measurement.unwrap_or(Measurement::Orders(cli.orders));
    match measure(measurement) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // If even standard error is gone, there is nobody left to tell.
            let _ = writeln!(io::stderr(), "bench: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Uses one thread for everything: a load generator with several would take more of the cores that
/// it shares with the measured program.
fn measure(measurement: Measurement) -> Result<(), Error> {
    if cfg!(debug_assertions) {
        return Err(
            "an unoptimised load generator would measure itself: use cargo run --release".into(),
        );
    }
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().build()?.block_on(async {
        // Both signals are handled, so that an interrupted run also removes its processes and
        // files.
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
