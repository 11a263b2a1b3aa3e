//! Proves that several of each lose nothing while some of them stop, fail or are killed.
//!
//! HAProxy stands in front of three gateways that share one Redis, and behind these stand several of
//! each stored service on one PostgreSQL, as in `docker-compose.scale.yml`. All are processes of this
//! machine. Each part has processes of its own and a limit that it must keep.

mod balancer;
mod chaos;
mod failures;
mod fleet;
mod guests;
mod member;
mod quota;
mod restarts;
mod section;
mod store;
mod streams;
mod throughput;

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::Error;
use crate::machine::allow_files;
use crate::programs::Place;
use crate::report::{Measured, tell};
use section::Report;

/// Two for each connection here, at its two ends, and some for files.
const FILES: u64 = 4096;

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Part {
    /// Rolling restarts of gateways and order-services under load
    Restarts,
    /// One replica of three fails in several ways
    Failures,
    /// Three gateways count one quota, also while Redis is away
    Quota,
    /// Processes of every kind are killed while guests order
    Chaos,
    /// How much one, two and four gateways relay
    Throughput,
}

#[derive(Args, Debug)]
pub(crate) struct Options {
    /// The parts to run, with commas between them
    #[arg(long, value_delimiter = ',', default_values = ["restarts", "failures", "quota", "chaos", "throughput"])]
    only: Vec<Part>,
    /// How many times each process is restarted
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..))]
    rounds: u64,
    /// How many requests each failure of a replica gets
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(10_000..))]
    requests: u64,
    /// How many orders are placed while processes are killed
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(1..))]
    orders: u64,
    /// Seconds of each measurement of the quota and of the throughput
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u64).range(10..=600))]
    seconds: u64,
    /// How many there are of each stored service
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=8))]
    replicas: u8,
    /// Take the programs from this folder instead of building them
    #[arg(long, value_name = "FOLDER")]
    programs: Option<PathBuf>,
    /// The folder for files [default: the build's target folder]
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
}

pub(crate) async fn run(options: Options) -> Result<Measured, Error> {
    allow_files(FILES)?;
    let place = match options.programs {
        Some(programs) => Place::with(programs.canonicalize()?, options.data).await?,
        None => Place::prepare(options.data).await?,
    };
    let replicas = options.replicas.into();
    let mut sections = Vec::new();
    for part in options.only {
        tell(format!("{part:?}"))?;
        sections.push(match part {
            Part::Restarts => restarts::run(&place, replicas, options.rounds).await?,
            Part::Failures => failures::run(&place, options.requests).await?,
            Part::Quota => quota::run(&place, options.seconds).await?,
            Part::Chaos => chaos::run(&place, replicas, options.orders).await?,
            Part::Throughput => throughput::run(&place, replicas, options.seconds).await?,
        });
    }
    Ok(place.measured(Report(sections)))
}
