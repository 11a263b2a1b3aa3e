//! Measures what orders cost, compared with what the disk can do, and with peers that are up or
//! down.
//!
//! Every load gets a fresh service on a fresh database, so that none inherits a longer table or
//! events still to be sent. Rounds are interleaved, so that a slow minute of the machine affects
//! every row. Each load ends with a `kill -9`, a restart and a count: every order answered 201 must
//! still be there.

mod report;

use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use clap::Args;
use serde::de::IgnoredAny;
use tempfile::TempDir;

use crate::client::Client;
use crate::load::{self, Load};
use crate::report::Conditions;
use crate::service::{self, NOBODY, Service};
use crate::sink::{self, Received};
use crate::{Error, disk, order};
use report::{Report, Run};

/// Long enough for SQLite's log to have been through its first checkpoints.
const WARM_UP: Duration = Duration::from_millis(500);

/// A longer measurement would say no more about the disk, and some disks throttle a program that
/// syncs for long.
const MAX_DISK: Duration = Duration::from_secs(2);

const PROGRAM: &str = "order-service";

#[derive(Args, Debug)]
pub(crate) struct Options {
    /// Seconds that each load takes in each round
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,
    /// How many times everything is measured
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..))]
    rounds: u64,
    /// The folder for the databases, on the disk to be measured [default: the build's target
    /// folder]
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
    /// Also write the result into this file, between `<!-- orders -->` and `<!-- /orders -->`
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
}

/// The state of the kitchen and delivery that the service is told of.
#[derive(Clone, Copy)]
enum Linked {
    Alone,
    Up,
    Down,
}

#[derive(Clone, Copy)]
struct Scenario {
    name: &'static str,
    connections: usize,
    keyed: bool,
    linked: Linked,
}

const UP: &str = "8, kitchen and delivery up";
const DOWN: &str = "8, kitchen and delivery down";

#[rustfmt::skip]
const SCENARIOS: [Scenario; 6] = [
    Scenario { name: "1", connections: 1, keyed: false, linked: Linked::Alone },
    Scenario { name: "8", connections: 8, keyed: false, linked: Linked::Alone },
    Scenario { name: "64", connections: 64, keyed: false, linked: Linked::Alone },
    Scenario { name: "64, with a key each", connections: 64, keyed: true, linked: Linked::Alone },
    Scenario { name: UP, connections: 8, keyed: false, linked: Linked::Up },
    Scenario { name: DOWN, connections: 8, keyed: false, linked: Linked::Down },
];

/// The things that every load needs.
struct Bench {
    program: PathBuf,
    folder: PathBuf,
    /// The URLs of the kitchen and of delivery.
    up: [String; 2],
    duration: Duration,
}

/// Measures and reports.
///
/// # Errors
/// Something could not be measured, or an order was refused or lost.
pub(crate) async fn run(options: Options) -> Result<(), Error> {
    let (programs, folder) = service::prepare(options.data)?;
    let program = programs.join(PROGRAM);
    let received = Received::default();
    let bench = Bench {
        program,
        folder: folder.path().to_owned(),
        up: [sink::open(&received).await?, sink::open(&received).await?],
        duration: Duration::from_secs(options.seconds),
    };
    let mut report = Report {
        conditions: Conditions::of(folder.path()).await?,
        length: format!("{} × {} s", options.rounds, options.seconds),
        disk: disk::WAYS.map(|way| (way.name, Vec::new())),
        orders: SCENARIOS.map(|scenario| (scenario.name, Vec::new())),
        events: 0,
    };
    for round in 1..=options.rounds {
        writeln!(io::stderr(), "round {round} of {}", options.rounds)?;
        for (way, (_, rounds)) in disk::WAYS.into_iter().zip(&mut report.disk) {
            let duration = bench.duration.min(MAX_DISK);
            rounds.push(disk::measure(&bench.folder, way, duration)?);
        }
        for (scenario, (name, rounds)) in SCENARIOS.into_iter().zip(&mut report.orders) {
            writeln!(io::stderr(), "  connections: {name}")?;
            rounds.push(bench.measure(scenario).await?);
        }
    }
    report.events = received.count();
    crate::report::publish("orders", &report.to_string(), options.markdown.as_deref())?;
    report.verdict()
}

impl Bench {
    async fn measure(&self, scenario: Scenario) -> Result<Run, Error> {
        let folder = TempDir::new_in(&self.folder)?;
        let service = self.start(&folder, scenario.linked).await?;
        let order = order::body(service.addr(), "/menu").await?;
        let load = |duration| Load {
            connections: scenario.connections,
            keyed: scenario.keyed,
            duration,
        };
        let warm_up = load::run(service.addr(), load(WARM_UP), &order).await?;
        let before = service.cpu()?;
        let outcome = load::run(service.addr(), load(self.duration), &order).await?;
        let cpu = service.cpu()?.saturating_sub(before);
        // Dropping the service kills it with `kill -9`.
        drop(service);
        let service = self.start(&folder, Linked::Alone).await?;
        let kept = count(service.addr()).await?;
        Ok(Run::new(outcome, warm_up, cpu, kept))
    }

    async fn start(&self, folder: &TempDir, linked: Linked) -> Result<Service, Error> {
        let mut variables = vec![("ORDER_SERVICE_BIND", "127.0.0.1:0".to_owned())];
        let peers = match linked {
            Linked::Alone => None,
            Linked::Up => Some(self.up.clone()),
            Linked::Down => Some(NOBODY.map(str::to_owned)),
        };
        let names = ["KITCHEN_URL", "DELIVERY_URL"].into_iter();
        variables.extend(names.zip(peers.into_iter().flatten()));
        Service::start(Command::new(&self.program), folder.path(), &variables).await
    }
}

/// How many orders the service lists.
async fn count(addr: SocketAddr) -> Result<usize, Error> {
    let list = Client::connect(addr).await?.get("/commandes").await?;
    let list: Vec<IgnoredAny> = serde_json::from_slice(&list)?;
    Ok(list.len())
}
