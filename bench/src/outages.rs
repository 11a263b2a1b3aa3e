//! Measures what an upstream that is down costs the clients that ask for it, the clients that do
//! not, and the upstream itself.
//!
//! The gateway stands in front of two upstreams that belong to this program: `first`, which
//! misbehaves, and `second`, which never does. Each measurement gets its own gateway, so that none
//! is affected by an earlier one.

mod clients;
mod notice;
mod others;
mod report;

use std::net::SocketAddr;
use std::time::Duration;

use clap::Args;
use tempfile::TempDir;

use crate::Error;
use crate::machine::{allow_files, any};
use crate::programs::service::Service;
use crate::programs::{Place, gateway};
use crate::report::{Measured, tell};
use crate::traffic::scripted::{PROBE, Scripted};
use notice::Outage;
use report::Report;

/// Two for each client of the rush, one at the client and one at the upstream, and some for files.
const FILES: u64 = 2 * others::RUSH as u64 + 256;

/// A route that answers with a problem if `first` does not answer.
const FIRST: &str = "/first";

/// A route whose answer is kept for when `first` does not answer.
const STALE: &str = "/stale";

/// A route that answers with a problem if `second` does not answer.
const SECOND: &str = "/second";

/// The number of cores of the machine on which this was measured.
const WORKERS: usize = 2;

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
}

/// When `first` counts as down.
#[derive(Clone, Copy)]
enum Breaker {
    Default,
    /// Practically never, so that only the effect of the retries shows.
    Off,
}

/// A gateway with its two upstreams.
struct Bench {
    gateway: Service,
    first: Scripted,
    /// Held only because the upstream stops when this is dropped.
    _second: Scripted,
    _folder: TempDir,
}

pub(crate) async fn run(options: Options) -> Result<Measured, Error> {
    allow_files(FILES)?;
    let place = Place::prepare(None).await?;
    let start = |breaker| Bench::start(&place, breaker);

    tell("an upstream that hangs")?;
    let hang = notice::hang(&start(Breaker::Default).await?).await?;

    let bench = start(Breaker::Default).await?;
    let mut neighbours = Vec::new();
    for round in 1..=options.rounds {
        tell(format!(
            "its neighbour, round {round} of {}",
            options.rounds
        ))?;
        let part = Duration::from_secs(options.seconds);
        neighbours.push(others::neighbour(&bench, part).await?);
    }

    let mut bench = start(Breaker::Default).await?;
    let mut recoveries = Vec::new();
    for outage in [Outage::Hangs, Outage::Fails, Outage::Refuses] {
        let mut rounds = Vec::new();
        for round in 0..options.rounds {
            let (number, all) = (round + 1, options.rounds);
            tell(format!("its return ({outage}), round {number} of {all}"))?;
            let part = f64::from(round) / f64::from(all);
            rounds.push(notice::recovery(&mut bench, outage, part).await?);
        }
        recoveries.push((outage, rounds));
    }

    tell("many who ask for the same")?;
    let bench = start(Breaker::Default).await?;
    let mut rushes = Vec::new();
    for round in 0..options.rounds {
        rushes.push(others::rush(&bench, round).await?);
    }

    let mut flaky = Vec::new();
    for breaker in [Breaker::Off, Breaker::Default] {
        tell("an upstream that fails now and then")?;
        let bench = start(breaker).await?;
        flaky.push((breaker, others::flaky(&bench, options.requests).await?));
    }
    Ok(place.measured(Report {
        version: gateway::version(&place)?,
        seconds: options.seconds,
        hang,
        neighbours,
        recoveries,
        rushes,
        flaky,
    }))
}

impl Bench {
    /// Starts the gateway with its own file, which has a route for each thing that is measured.
    async fn start(place: &Place, breaker: Breaker) -> Result<Self, Error> {
        let (first, second) = (Scripted::open().await?, Scripted::open().await?);
        let breaker = match breaker {
            Breaker::Default => "",
            Breaker::Off => {
                "breaker = { failures = 1000000, percent = 100, minimum = 1000000, window = \"10s\", open = \"1s\" }"
            }
        };
        let text = format!(
            r#"
[limits]
# All clients share one address here, which may have all connections.
connections_per_client = 10000
rate = "off"

[upstreams.first]
url = "http://{}"
probe = "{PROBE}"
concurrency = {{ per_client = 1000 }}
{breaker}

[upstreams.second]
url = "http://{}"
probe = "{PROBE}"
concurrency = {{ per_client = 1000 }}

[routes]
first = [
    {{ path = "{FIRST}", methods = ["GET"], to = "/first", outage = "error" }},
    {{ path = "{STALE}", methods = ["GET"], to = "/stale", outage = "stale", fresh = "1h", stale_if_error = "1h", shared = true }},
]
second = [
    {{ path = "{SECOND}", methods = ["GET"], to = "/second", outage = "error" }},
]
"#,
            first.addr(),
            second.addr(),
        );
        let variables = [
            ("GATEWAY_BIND", any().to_string()),
            ("GATEWAY_ADMIN_BIND", any().to_string()),
            ("GATEWAY_WORKERS", WORKERS.to_string()),
        ];
        let folder = place.fresh()?;
        Ok(Self {
            gateway: gateway::start_with(place, folder.path(), &text, &variables).await?,
            first,
            _second: second,
            _folder: folder,
        })
    }

    fn addr(&self) -> SocketAddr {
        self.gateway.addr()
    }
}
