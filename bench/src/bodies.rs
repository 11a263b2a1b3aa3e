//! Measures how much memory and time the gateway takes to pass on a body that is far larger than
//! its memory limit.
//!
//! Every transfer gets a fresh gateway, so that its peak memory is the peak of this one transfer.

mod report;
mod transfer;

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Args;
use tempfile::TempDir;

use crate::filler::Framing::{self, Chunked, Length};
use crate::gateway::{Change, UPSTREAM};
use crate::process::Memory;
use crate::report::{Conditions, MIB, publish};
use crate::upstream::{Pace, Upstream};
use crate::{Error, gateway, service};
use report::Report;
use transfer::{Way, transfer};

/// Bytes that a slow reader takes each second: less than a tenth of what passes unhindered, so that
/// all buffers on the way stay full from start to end.
const SLOW: u64 = 64 * MIB;

#[derive(Args, Debug)]
pub(crate) struct Options {
    /// Length of each body in MiB
    #[arg(long, default_value_t = 1024, value_parser = clap::value_parser!(u64).range(1..=1024 * 1024))]
    mebibytes: u64,
    /// How many times everything is measured
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..))]
    rounds: u64,
    /// Also write the result into this file, between `<!-- bodies -->` and `<!-- /bodies -->`
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
}

/// The bodies that go through the gateway at the same time.
#[derive(Clone, Copy)]
struct Scenario {
    name: &'static str,
    ways: &'static [Way],
    framing: Framing,
    /// The speed at which the receiver reads.
    pace: Pace,
}

#[rustfmt::skip]
const SCENARIOS: [Scenario; 8] = [
    Scenario { name: "Up, `Content-Length`", ways: &[Way::Up], framing: Length, pace: None },
    Scenario { name: "Up, chunked", ways: &[Way::Up], framing: Chunked, pace: None },
    Scenario { name: "Up, chunked, to a slow upstream", ways: &[Way::Up], framing: Chunked, pace: Some(SLOW) },
    Scenario { name: "Down, `Content-Length`", ways: &[Way::Down], framing: Length, pace: None },
    Scenario { name: "Down, chunked", ways: &[Way::Down], framing: Chunked, pace: None },
    Scenario { name: "Down, chunked, to a slow client", ways: &[Way::Down], framing: Chunked, pace: Some(SLOW) },
    Scenario { name: "One up and one down at once, chunked", ways: &[Way::Up, Way::Down], framing: Chunked, pace: None },
    Scenario { name: "Two down at once, chunked", ways: &[Way::Down, Way::Down], framing: Chunked, pace: None },
];

/// The figures of one scenario on one gateway.
struct Run {
    /// The length of all bodies together.
    bytes: u64,
    elapsed: Duration,
    cpu: Duration,
    /// Memory before the first byte.
    before: Memory,
    after: Memory,
}

/// Measures and reports.
///
/// # Errors
/// Something could not be measured, or the gateway took more memory than its limit.
pub(crate) async fn run(options: Options) -> Result<(), Error> {
    let (programs, folder) = service::prepare(None)?;
    let mut report = Report {
        conditions: Conditions::of(folder.path()).await?,
        version: gateway::version(&programs)?,
        mebibytes: options.mebibytes,
        rows: SCENARIOS.map(|scenario| (scenario.name, Vec::new())),
    };
    for round in 1..=options.rounds {
        writeln!(io::stderr(), "round {round} of {}", options.rounds)?;
        for (scenario, (name, rounds)) in SCENARIOS.into_iter().zip(&mut report.rows) {
            writeln!(io::stderr(), "  {name}")?;
            let folder = TempDir::new_in(&folder)?;
            let length = options.mebibytes * MIB;
            let run = scenario.measure(&programs, folder.path(), length).await;
            rounds.push(run.map_err(|error| format!("{name}: {error}"))?);
        }
    }
    publish("bodies", &report.to_string(), options.markdown.as_deref())?;
    report.verdict()
}

impl Scenario {
    async fn measure(self, programs: &Path, folder: &Path, length: u64) -> Result<Run, Error> {
        let upstream = Upstream {
            length,
            framing: self.framing,
            pace: self.pace,
        };
        let upstream = upstream.open().await?;
        let most = format!("\"{length}B\"");
        #[rustfmt::skip]
        let changes = [
            Change { table: "[limits]", key: "request_body", value: &most },
            Change { table: UPSTREAM, key: "timeout", value: "\"1h\"" },
        ];
        let gateway = gateway::start(programs, folder, upstream, &changes).await?;
        // The first exchange loads what every later one needs.
        transfer(gateway.addr(), Way::Up, 1, self).await?;
        let (before, cpu, begun) = (gateway.memory()?, gateway.cpu()?, Instant::now());
        let mut transfers = tokio::task::JoinSet::new();
        for way in self.ways {
            transfers.spawn(transfer(gateway.addr(), *way, length, self));
        }
        while let Some(transferred) = transfers.join_next().await {
            transferred??;
        }
        Ok(Run {
            bytes: length * self.ways.len() as u64,
            elapsed: begun.elapsed(),
            cpu: gateway.cpu()?.saturating_sub(cpu),
            before,
            after: gateway.memory()?,
        })
    }
}
