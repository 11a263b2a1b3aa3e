//! Measures what an upstream that is down costs the clients that ask for it, the clients that do
//! not, and the upstream itself.
//!
//! The gateway stands in front of two upstreams that belong to this program: `first`, which
//! misbehaves, and `second`, which never does. Each measurement gets its own gateway, so that none
//! is affected by an earlier one.

mod clients;
mod config;
mod flaky;
mod hang;
mod neighbour;
mod recovery;
mod report;
mod rush;
mod upstream;

use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use tempfile::TempDir;

use crate::machine::allow_files;
use crate::report::{Conditions, publish};
use crate::service::Service;
use crate::{Error, gateway, service};
use config::Breaker;
use recovery::Outage;
use report::Report;
use upstream::Upstream;

/// Two for each client of the rush, one at the client and one at the upstream, and some for files.
const FILES: u64 = 2 * rush::CLIENTS as u64 + 256;

#[derive(Args, Debug)]
pub(crate) struct Options {
    /// How many rounds each repeated measurement has
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Seconds that each part of a round with `second` takes; shorter than an upstream's timeout
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..5))]
    seconds: u64,
    /// How many requests go to the upstream that fails now and then
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(1000..))]
    requests: u32,
    /// Also write the result into this file, between `<!-- outages -->` and `<!-- /outages -->`
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
}

/// A gateway with its two upstreams.
struct Bench {
    gateway: Service,
    first: Upstream,
    /// Held only because the upstream stops when this is dropped.
    _second: Upstream,
    _folder: TempDir,
}

/// Measures and reports.
///
/// # Errors
/// Something could not be measured, or a limit was not kept.
pub(crate) async fn run(options: Options) -> Result<(), Error> {
    allow_files(FILES)?;
    let (programs, folder) = service::prepare(None)?;
    let start = |breaker| Bench::start(&programs, folder.path(), breaker);
    let conditions = Conditions::of(folder.path()).await?;
    let version = gateway::version(&programs)?;

    tell("an upstream that hangs")?;
    let hang = hang::measure(&start(Breaker::Default).await?).await?;

    let bench = start(Breaker::Default).await?;
    let mut neighbours = Vec::new();
    for round in 1..=options.rounds {
        tell(&format!(
            "its neighbour, round {round} of {}",
            options.rounds
        ))?;
        let part = Duration::from_secs(options.seconds);
        neighbours.push(neighbour::measure(&bench, part).await?);
    }

    let mut bench = start(Breaker::Default).await?;
    let mut recoveries = Vec::new();
    for outage in [Outage::Hangs, Outage::Fails, Outage::Refuses] {
        let mut rounds = Vec::new();
        for round in 0..options.rounds {
            tell(&format!(
                "its return ({outage}), round {} of {}",
                round + 1,
                options.rounds
            ))?;
            let part = f64::from(round) / f64::from(options.rounds);
            rounds.push(recovery::measure(&mut bench, outage, part).await?);
        }
        recoveries.push((outage, rounds));
    }

    tell("many who ask for the same")?;
    let bench = start(Breaker::Default).await?;
    let mut rushes = Vec::new();
    for round in 0..options.rounds {
        rushes.push(rush::measure(&bench, round).await?);
    }

    let mut flaky = Vec::new();
    for breaker in [Breaker::Off, Breaker::Default] {
        tell("an upstream that fails now and then")?;
        let bench = start(breaker).await?;
        flaky.push((breaker, flaky::measure(&bench, options.requests).await?));
    }
    let report = Report {
        conditions,
        version,
        seconds: options.seconds,
        hang,
        neighbours,
        recoveries,
        rushes,
        flaky,
    };
    publish("outages", &report.to_string(), options.markdown.as_deref())?;
    report.verdict()
}

fn tell(what: &str) -> io::Result<()> {
    writeln!(io::stderr(), "{what}")
}

impl Bench {
    async fn start(programs: &Path, folder: &Path, breaker: Breaker) -> Result<Self, Error> {
        let folder = TempDir::new_in(folder)?;
        let (first, second) = (Upstream::open().await?, Upstream::open().await?);
        let upstreams = [first.addr(), second.addr()];
        Ok(Self {
            gateway: config::start(programs, folder.path(), upstreams, breaker).await?,
            first,
            _second: second,
            _folder: folder,
        })
    }

    fn addr(&self) -> SocketAddr {
        self.gateway.addr()
    }
}
