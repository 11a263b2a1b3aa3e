//! `cargo run --release -p bench` builds the programs as for the images and measures them from
//! outside, as their clients see them.
//!
//! It knows no service's code, only the contract, so that it can put the same load on anything that
//! speaks the contract. Each measurement is a subcommand: `orders` (the default), `journey`,
//! `lists`, `idle`, `bodies`, `outages`, `siege`, `proxy`, `growth`, `soak` and `scale`.

mod bodies;
mod evening;
mod growth;
mod idle;
mod journey;
mod lists;
mod machine;
mod orders;
mod outages;
mod programs;
mod proxy;
mod report;
mod siege;
mod traffic;

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tokio::signal::unix::{SignalKind, signal};

use evening::{scale, soak};
use report::{Measured, publish};

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
    /// Also write the result into this file, between `<!-- NAME -->` and `<!-- /NAME -->`, where
    /// NAME is the command
    #[arg(long, value_name = "FILE", global = true)]
    markdown: Option<PathBuf>,
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
    /// Whether several of each, behind HAProxy, lose nothing while some of them stop, fail or are killed
    Scale(scale::Options),
    /// How other clients fare while one address attacks, compared with nginx
    Siege(siege::Options),
}

fn main() -> ExitCode {
    match measure(Cli::parse()) {
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
fn measure(cli: Cli) -> Result<(), Error> {
    if cfg!(debug_assertions) {
        return Err(
            "an unoptimised load generator would measure itself: use cargo run --release".into(),
        );
    }
    let measurement = cli.measurement.unwrap_or(Measurement::Orders(cli.orders));
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().build()?.block_on(async {
        // Both signals are handled, so that an interrupted run also removes its processes and
        // files.
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let (section, measured) = tokio::select! {
            measured = run(measurement) => measured?,
            _ = terminate.recv() => return Err("terminated".into()),
            _ = interrupt.recv() => return Err("interrupted".into()),
        };
        publish(section, cli.markdown.as_deref(), &measured)
    })
}

/// Gives the name of the report's section and what was measured.
async fn run(measurement: Measurement) -> Result<(&'static str, Measured), Error> {
    Ok(match measurement {
        Measurement::Orders(options) => ("orders", orders::run(options).await?),
        Measurement::Journey(options) => ("journey", journey::run(options).await?),
        Measurement::Lists(options) => ("lists", lists::run(options).await?),
        Measurement::Idle(options) => ("idle", idle::run(options).await?),
        Measurement::Proxy(options) => ("proxy", proxy::run(options).await?),
        Measurement::Growth(options) => ("growth", growth::run(options).await?),
        Measurement::Bodies(options) => ("bodies", bodies::run(options).await?),
        Measurement::Outages(options) => ("outages", outages::run(options).await?),
        Measurement::Siege(options) => ("siege", siege::run(options).await?),
        Measurement::Scale(options) => ("scale", scale::run(options).await?),
        Measurement::Soak(options) => ("soak", soak::run(options).await?),
    })
}
