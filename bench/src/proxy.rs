//! Measures what passing on a request costs the gateway, compared with other proxies.
//!
//! Each proxy has one core to itself and stands in front of the same upstream, which shares the
//! other core with the load. In each round they take turns, so that whatever else the machine does
//! affects all alike. The figure that counts is the proxy's processor time for a request: the
//! requests per second also depend on the speed of the load generator.

pub(crate) mod load;
pub(crate) mod peer;
mod report;
mod routes;
mod scenario;
mod startup;
mod syscalls;
pub(crate) mod upstream;

use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use tempfile::TempDir;

use crate::machine::installed;
use crate::process::Memory;
use crate::report::{Conditions, publish};
use crate::{Error, service};
use load::Load;
use peer::{Found, Kind, Peer, Setup};
use report::Report;
use scenario::Scenario;

#[derive(Args, Debug)]
pub(crate) struct Options {
    /// How many times everything is measured
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..))]
    rounds: u64,
    /// Seconds that each measurement takes
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=60))]
    seconds: u64,
    /// Measure only the scenarios whose name contains this
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// Also write the result into this file, between `<!-- proxy -->` and `<!-- /proxy -->`
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
    /// Also draw the result into this folder
    #[arg(long, value_name = "FOLDER")]
    plots: Option<PathBuf>,
}

/// The figures of one scenario with one peer.
pub(crate) struct Run {
    pub(crate) requests: u64,
    pub(crate) elapsed: Duration,
    /// The proxy's processor time.
    pub(crate) cpu: Duration,
    /// The longest wait of the fastest 50 %, 99 % and 99.9 % of the requests.
    waits: [Duration; 3],
    memory: Memory,
}

/// Measures and reports.
///
/// # Errors
/// Something could not be measured.
pub(crate) async fn run(options: Options) -> Result<(), Error> {
    let (programs, folder) = service::prepare(None)?;
    let Found { peers, missing } = Peer::found(&programs)?;
    let wanted = |scenario: &Scenario| {
        let only = options.only.as_deref();
        only.is_none_or(|only| scenario.name.contains(only))
    };
    let scenarios: Vec<_> = scenario::all().filter(wanted).collect();
    let conditions = Conditions::of(folder.path()).await?;
    // From here on the load and the upstream run on the second core, and the proxies on the first.
    peer::stay_on("1")?;
    let mut report = Report::new(conditions, &peers, missing, &scenarios);
    let upstream = upstream::open()?;
    for round in 1..=options.rounds {
        writeln!(io::stderr(), "round {round} of {}", options.rounds)?;
        for (row, scenario) in scenarios.iter().enumerate() {
            for (column, peer) in peers.iter().enumerate() {
                if !scenario.is_for(peer) {
                    continue;
                }
                writeln!(io::stderr(), "  {}: {}", scenario.name, peer.name())?;
                let folder = TempDir::new_in(&folder)?;
                let seconds = Duration::from_secs(options.seconds);
                let place = (upstream, folder.path());
                let load = |addr| scenario.load(addr);
                let run = measure(peer, scenario.setup, place, load, seconds).await;
                let run =
                    run.map_err(|error| format!("{}, {}: {error}", scenario.name, peer.name()))?;
                report.add(row, column, run);
            }
        }
        for (column, peer) in peers.iter().enumerate() {
            let folder = TempDir::new_in(&folder)?;
            let start = startup::measure(peer, upstream, folder.path()).await?;
            report.add_start(column, start);
        }
    }
    let place = (upstream, folder.path());
    count_calls(&peers, scenario::PLAINEST, place, &mut report).await?;
    if let Some(plots) = &options.plots {
        report.draw(plots)?;
    }
    publish("proxy", &report.to_string(), options.markdown.as_deref())
}

/// Starts a peer, puts `load` on it and measures it. `place` is the upstream's address and the
/// folder for the peer's files.
pub(crate) async fn measure(
    peer: &Peer,
    setup: Setup,
    (upstream, folder): (SocketAddr, &Path),
    load: impl FnOnce(SocketAddr) -> Result<Load, Error>,
    duration: Duration,
) -> Result<Run, Error> {
    let proxy = peer.start(upstream, folder, setup).await?;
    let mut crowd = load(proxy.addr())?.crowd();
    // Connects, and loads what every later request needs.
    crowd.run(Duration::from_millis(500)).await?;
    let before = proxy.cpu()?;
    let outcome = crowd.run(duration).await?;
    Ok(Run {
        requests: outcome.requests,
        elapsed: outcome.elapsed,
        cpu: proxy.cpu()?.saturating_sub(before),
        waits: outcome.waits,
        memory: proxy.memory()?,
    })
}

async fn count_calls(
    peers: &[Peer],
    scenario: Scenario,
    (upstream, folder): (SocketAddr, &Path),
    report: &mut Report,
) -> Result<(), Error> {
    let Some(strace) = installed("strace") else {
        return Ok(());
    };
    for (column, peer) in peers.iter().enumerate() {
        if peer.kind() == Kind::FastApi {
            continue;
        }
        let folder = TempDir::new_in(folder)?;
        let proxy = peer.start(upstream, folder.path(), scenario.setup).await?;
        let load = scenario.load(proxy.addr())?;
        let calls = syscalls::count(&strace, &proxy, &load, folder.path()).await?;
        report.add_calls(column, calls);
    }
    Ok(())
}
