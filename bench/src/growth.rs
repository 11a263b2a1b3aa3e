//! Measures how the cost of a request grows with the number of routes and connections and with
//! sizes, for the gateway and for nginx.
//!
//! Each series changes only one thing: the number of routes, the number of connections, the number
//! of a request's fields, the length of a field or the length of the answer. It measures in the
//! same way as `proxy`.

mod report;
mod series;

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use tempfile::TempDir;

use crate::machine::allow_files;
use crate::proxy::load::Load;
use crate::proxy::peer::{self, Kind, Peer};
use crate::proxy::{measure, upstream};
use crate::report::{Conditions, publish};
use crate::{Error, service};
use report::Report;

/// Both ends of the most connections, and some to spare. The proxies need as many.
const FILES: u64 = 19_000;

#[derive(Args, Debug)]
pub(crate) struct Options {
    /// How many times everything is measured
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..))]
    rounds: u64,
    /// Seconds that each measurement takes
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=60))]
    seconds: u64,
    /// Also write the result into this file, between `<!-- growth -->` and `<!-- /growth -->`
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
    /// Also draw the result into this folder
    #[arg(long, value_name = "FOLDER")]
    plots: Option<PathBuf>,
}

/// Measures and reports.
///
/// # Errors
/// Something could not be measured.
pub(crate) async fn run(options: Options) -> Result<(), Error> {
    let (programs, folder) = service::prepare(None)?;
    allow_files(FILES)?;
    let mut peers = Peer::found(&programs)?.peers;
    peers.retain(|peer| matches!(peer.kind(), Kind::Gateway | Kind::Nginx));
    let series = series::all();
    let conditions = Conditions::of(folder.path()).await?;
    peer::stay_on("1")?;
    let upstream = upstream::open()?;
    let mut report = Report::new(conditions, &peers, &series);
    for round in 1..=options.rounds {
        writeln!(io::stderr(), "round {round} of {}", options.rounds)?;
        for (table, series) in series.iter().enumerate() {
            for (row, size) in series.sizes.iter().enumerate() {
                for (column, peer) in peers.iter().enumerate() {
                    writeln!(io::stderr(), "  {} {size}: {}", series.what, peer.name())?;
                    let folder = TempDir::new_in(&folder)?;
                    let load = |addr| {
                        Ok(Load {
                            addr,
                            connections: series.connections(*size),
                            is_closing: false,
                            rate: None,
                            requests: series.requests(*size),
                        })
                    };
                    let place = (upstream, folder.path());
                    let seconds = Duration::from_secs(options.seconds);
                    let run = measure(peer, series.setup(*size), place, load, seconds).await?;
                    report.add((table, row, column), run.cost());
                }
            }
        }
    }
    if let Some(plots) = &options.plots {
        report.draw(plots)?;
    }
    publish("growth", &report.to_string(), options.markdown.as_deref())
}
