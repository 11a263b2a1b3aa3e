//! Measures what orders cost, compared with what the disk can do, and with peers that are up or
//! down.
//!
//! Every load gets a fresh service on a fresh database, so that none inherits a longer table or
//! events still to be sent. Rounds are interleaved, so that a slow minute of the machine affects
//! every row. Each load ends with a `kill -9`, a restart and a count: every order answered 201 must
//! still be there.

mod disk;
mod load;
mod report;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use clap::Args;
use http_body_util::{BodyExt as _, Empty};
use hyper::body::Bytes;
use hyper::{Request, Response, StatusCode};
use serde::de::IgnoredAny;

use crate::Error;
use crate::programs::Place;
use crate::programs::service::Service;
use crate::report::{Measured, tell};
use crate::traffic::client::Client;
use crate::traffic::upstream::Upstream;
use report::{Report, Run};

/// Long enough for SQLite's log to have been through its first checkpoints.
const WARM_UP: Duration = Duration::from_millis(500);

/// A longer measurement would say no more about the disk, and some disks throttle a program that
/// syncs for long.
const MAX_DISK: Duration = Duration::from_secs(2);

/// URLs where nobody listens: ports below 1024 are used only on purpose, and no connection gets one
/// by chance.
const NOBODY: [&str; 2] = ["http://127.0.0.1:1", "http://127.0.0.1:2"];

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
    place: Place,
    /// The URLs of the kitchen and of delivery.
    up: [String; 2],
    duration: Duration,
}

pub(crate) async fn run(options: Options) -> Result<Measured, Error> {
    let events = Arc::<AtomicU64>::default();
    let peers = [peer(&events).await?, peer(&events).await?];
    let bench = Bench {
        place: Place::prepare(options.data).await?,
        up: peers.each_ref().map(|peer| format!("http://{}", peer.addr)),
        duration: Duration::from_secs(options.seconds),
    };
    let mut report = Report {
        length: format!("{} × {} s", options.rounds, options.seconds),
        disk: disk::WAYS.map(|way| (way.name, Vec::new())),
        orders: SCENARIOS.map(|scenario| (scenario.name, Vec::new())),
        events: 0,
    };
    for round in 1..=options.rounds {
        tell(format!("round {round} of {}", options.rounds))?;
        for (way, (_, rounds)) in disk::WAYS.into_iter().zip(&mut report.disk) {
            let duration = bench.duration.min(MAX_DISK);
            rounds.push(disk::measure(bench.place.folder(), way, duration)?);
        }
        for (scenario, (name, rounds)) in SCENARIOS.into_iter().zip(&mut report.orders) {
            tell(format!("  connections: {name}"))?;
            rounds.push(bench.measure(scenario).await?);
        }
    }
    report.events = events.load(Ordering::Relaxed);
    Ok(bench.place.measured(report))
}

/// A peer of the order service that is up, does nothing, and counts the events that it gets. It
/// runs on the load generator's thread, so that the receiver's cost counts against the row "up".
async fn peer(events: &Arc<AtomicU64>) -> Result<Upstream, Error> {
    let events = Arc::clone(events);
    Upstream::open(move |request: Request<_>| {
        let events = Arc::clone(&events);
        async move {
            // Reads the body to its end, so that the connection can be used again. A body that
            // breaks off is the sender's problem.
            let _ = request.into_body().collect().await;
            events.fetch_add(1, Ordering::Relaxed);
            let mut answer = Response::new(Empty::<Bytes>::new());
            *answer.status_mut() = StatusCode::NO_CONTENT;
            answer
        }
    })
    .await
}

impl Bench {
    async fn measure(&self, scenario: Scenario) -> Result<Run, Error> {
        let folder = self.place.fresh()?;
        let service = self.start(folder.path(), scenario.linked).await?;
        let order = Client::new(service.addr()).order("/menu").await?;
        let load = |duration| load::run(service.addr(), scenario, duration, &order);
        let warm_up = load(WARM_UP).await?;
        let before = service.cpu()?;
        let outcome = load(self.duration).await?;
        let cpu = service.cpu()?.saturating_sub(before);
        // Dropping the service kills it with `kill -9`.
        drop(service);
        let service = self.start(folder.path(), Linked::Alone).await?;
        let list = Client::new(service.addr()).get("/commandes").await?;
        let kept: Vec<IgnoredAny> = serde_json::from_slice(list.body())?;
        Ok(Run {
            cpu,
            kept: kept.len() as u64,
            warm_up,
            outcome,
        })
    }

    async fn start(&self, folder: &Path, linked: Linked) -> Result<Service, Error> {
        let mut variables = vec![("ORDER_SERVICE_BIND", "127.0.0.1:0".to_owned())];
        let peers = match linked {
            Linked::Alone => None,
            Linked::Up => Some(self.up.clone()),
            Linked::Down => Some(NOBODY.map(str::to_owned)),
        };
        let names = ["KITCHEN_URL", "DELIVERY_URL"].into_iter();
        variables.extend(names.zip(peers.into_iter().flatten()));
        let program = Command::new(self.place.program("order-service"));
        Service::start(program, folder, &variables).await
    }
}
