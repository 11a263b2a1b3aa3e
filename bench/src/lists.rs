//! Measures the cost of `GET /commandes` without a limit, by the number of orders that have ended.
//!
//! The database is filled by SQL, in the schema that the service itself has made: placing a million
//! orders one by one would take an hour. Every size gets its own service and database.

use std::fmt::{self, Display};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use clap::Args;

use crate::Error;
use crate::programs::Place;
use crate::programs::service::Service;
use crate::report::markdown::table;
use crate::report::stats::Waits;
use crate::report::{Measured, mebibytes, tell};
use crate::traffic::client::Client;
use crate::traffic::load;

const PROGRAM: &str = "order-service";

const FILL: &str = include_str!("lists/fill.py");

/// How many of the orders are open, as on a busy evening.
const OPEN: u64 = 200;

/// How many lists are read side by side.
const AT_ONCE: usize = 12;

/// The pause between two orders that are placed while the lists are read.
const BETWEEN: Duration = Duration::from_millis(50);

#[derive(Args, Debug)]
pub(crate) struct Options {
    /// The numbers of orders, each measured after the other
    #[arg(long, value_delimiter = ',', default_value = "2000,50000,1000000")]
    orders: Vec<u64>,
    /// How many times each list is read
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// The folder for the databases [default: the build's target folder]
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
}

struct Report {
    rounds: u32,
    sizes: Vec<Size>,
}

struct Size {
    orders: u64,
    /// The length of one list.
    bytes: usize,
    alone: Waits,
    together: Waits,
    /// How long each order took that was placed meanwhile.
    placed: Waits,
    /// Resident memory after the lists that were read alone, and its peak over the whole run.
    before: u64,
    peak: u64,
}

pub(crate) async fn run(options: Options) -> Result<Measured, Error> {
    let place = Place::prepare(options.data).await?;
    let mut sizes = Vec::new();
    for orders in options.orders {
        tell(format!("{orders} orders"))?;
        sizes.push(measure(&place, orders, options.rounds).await?);
    }
    let rounds = options.rounds;
    Ok(place.measured(Report { rounds, sizes }))
}

async fn measure(place: &Place, orders: u64, rounds: u32) -> Result<Size, Error> {
    let folder = place.fresh()?;
    let folder = folder.path();
    // The first start makes the schema.
    drop(start(place, folder).await?);
    fill(&folder.join(PROGRAM).with_extension("db"), orders)?;
    let service = start(place, folder).await?;
    let mut client = Client::connect(service.addr()).await?;
    // The first read brings the database's pages into memory, where they are on any day but the
    // first.
    let bytes = client.get("/commandes").await?.body().len();
    let alone = read(client, rounds).await?.into_iter().collect();
    let before = service.memory()?.resident;
    let (together, placed) = at_once(service.addr(), rounds).await?;
    Ok(Size {
        orders,
        bytes,
        alone,
        together,
        placed,
        before,
        peak: service.memory()?.peak,
    })
}

async fn start(place: &Place, folder: &Path) -> Result<Service, Error> {
    let variables = [("ORDER_SERVICE_BIND", "127.0.0.1:0".to_owned())];
    Service::start(Command::new(place.program(PROGRAM)), folder, &variables).await
}

fn fill(database: &Path, orders: u64) -> Result<(), Error> {
    let filled = Command::new("python3")
        .args(["-c", FILL])
        .arg(database)
        .args([orders.to_string(), OPEN.to_string()])
        .status()?;
    if !filled.success() {
        return Err("the database cannot be filled".into());
    }
    Ok(())
}

async fn read(mut client: Client, rounds: u32) -> Result<Vec<Duration>, Error> {
    let mut times = Vec::new();
    for _ in 0..rounds {
        let begun = Instant::now();
        client.get("/commandes").await?;
        times.push(begun.elapsed());
    }
    Ok(times)
}

/// Reads lists on all connections at once and places orders meanwhile. Gives how long each list and
/// each order took.
async fn at_once(addr: SocketAddr, rounds: u32) -> Result<(Waits, Waits), Error> {
    let body = Client::new(addr).order("/menu").await?;
    let readers = Client::connect_all(addr, AT_ONCE).await?;
    let reading = load::side_by_side(readers, move |_, client| read(client, rounds));
    let reading = tokio::spawn(reading);
    let mut client = Client::connect(addr).await?;
    let mut placed = Waits::default();
    while !reading.is_finished() {
        // A pause, so that the list hardly grows meanwhile.
        tokio::time::sleep(BETWEEN).await;
        let begun = Instant::now();
        client.post("/commandes", None, body.clone()).await?;
        placed.add(begun.elapsed());
    }
    Ok((reading.await??.into_iter().flatten().collect(), placed))
}

impl Size {
    fn row(&self) -> [String; 9] {
        let ms = |waits: &Waits, percent| format!("{:.1}", waits.ms(percent));
        [
            self.orders.to_string(),
            (self.bytes / 1024).to_string(),
            ms(&self.alone, 50.0),
            ms(&self.alone, 99.0),
            ms(&self.together, 50.0),
            ms(&self.together, 99.0),
            ms(&self.placed, 99.0),
            format!("{:.1}", mebibytes(self.before)),
            format!("{:.1}", mebibytes(self.peak)),
        ]
    }
}

impl crate::report::Report for Report {}

impl Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = [
            "Orders",
            "KiB",
            "median ms",
            "p99 ms",
            "12: median ms",
            "12: p99 ms",
            "an order: p99 ms",
            "MiB after",
            "MiB at most",
        ];
        let table = table(&head, self.sizes.iter().map(Size::row));
        let rounds = self.rounds;
        write!(
            f,
            "`GET /commandes` of order-service on SQLite, {rounds} times alone, then by {AT_ONCE} connections at once, {rounds} \
             times each:\n\
             \n{table}\n\
             - {OPEN} orders are open, spread over all; the others are delivered. A list holds the open ones and the newest\n  \
               1,000 of the others, each of three lines.\n\
             - An order: one `POST /commandes` every 50 ms beside the {AT_ONCE}.\n\
             - Memory is the service's (`VmRSS`, `VmHWM`). Bench and service share the cores.\n"
        )
    }
}
