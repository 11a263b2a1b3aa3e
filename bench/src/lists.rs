//! Measures the cost of `GET /commandes` without a limit, by the number of orders that have ended.
//!
//! The database is filled by SQL, in the schema that the service itself has made: placing a million
//! orders one by one would take an hour. Every size gets its own service and database.

mod report;

use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use clap::Args;
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::client::Client;
use crate::report::Conditions;
use crate::service::{self, Service};
use crate::{Error, order};
use report::{Report, Size};

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
    /// Also write the result into this file, between `<!-- lists -->` and `<!-- /lists -->`
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
}

/// Measures and reports.
///
/// # Errors
/// Something could not be measured.
pub(crate) async fn run(options: Options) -> Result<(), Error> {
    let (programs, folder) = service::prepare(options.data)?;
    let program = programs.join(PROGRAM);
    let mut report = Report {
        conditions: Conditions::of(folder.path()).await?,
        rounds: options.rounds,
        open: OPEN,
        at_once: AT_ONCE,
        sizes: Vec::new(),
    };
    for orders in options.orders {
        writeln!(io::stderr(), "{orders} orders")?;
        let own = TempDir::new_in(folder.path())?;
        report
            .sizes
            .push(measure(&program, own.path(), orders, options.rounds).await?);
    }
    crate::report::publish("lists", &report.to_string(), options.markdown.as_deref())
}

async fn measure(program: &Path, folder: &Path, orders: u64, rounds: u32) -> Result<Size, Error> {
    // The first start makes the schema.
    drop(start(program, folder).await?);
    fill(&folder.join(PROGRAM).with_extension("db"), orders)?;
    let service = start(program, folder).await?;
    let mut client = Client::connect(service.addr()).await?;
    // The first read brings the database's pages into memory, where they are on any day but the
    // first.
    let bytes = client.get("/commandes").await?.len();
    let mut alone = Vec::new();
    for _ in 0..rounds {
        alone.push(read(&mut client).await?);
    }
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

async fn start(program: &Path, folder: &Path) -> Result<Service, Error> {
    let variables = [("ORDER_SERVICE_BIND", "127.0.0.1:0".to_owned())];
    Service::start(Command::new(program), folder, &variables).await
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

async fn read(client: &mut Client) -> Result<Duration, Error> {
    let begun = Instant::now();
    client.get("/commandes").await?;
    Ok(begun.elapsed())
}

/// Reads lists on all connections at once and places orders meanwhile. Gives how long each list and
/// each order took.
async fn at_once(addr: SocketAddr, rounds: u32) -> Result<(Vec<Duration>, Vec<Duration>), Error> {
    let body = order::body(addr, "/menu").await?;
    let mut readers = JoinSet::new();
    for _ in 0..AT_ONCE {
        readers.spawn(async move {
            let mut client = Client::connect(addr).await?;
            let mut times = Vec::new();
            for _ in 0..rounds {
                times.push(read(&mut client).await?);
            }
            Ok::<_, Error>(times)
        });
    }
    let reading = tokio::spawn(readers.join_all());
    let mut client = Client::connect(addr).await?;
    let mut placed = Vec::new();
    while !reading.is_finished() {
        placed.push(place(&mut client, &body).await?);
    }
    let mut together = Vec::new();
    for times in reading.await? {
        together.extend(times?);
    }
    Ok((together, placed))
}

/// Places an order after a pause, so that the list hardly grows meanwhile.
async fn place(client: &mut Client, body: &str) -> Result<Duration, Error> {
    tokio::time::sleep(BETWEEN).await;
    let begun = Instant::now();
    client.post("/commandes", None, body.to_owned()).await?;
    Ok(begun.elapsed())
}
