//! The plan: an evening with everything at once, and whether all is right again after it.
//!
//! Orders come at a constant pace the whole time. Meanwhile the kitchen is away, the clock of all processes goes an hour wrong
//! and right again, the disk under the orders is full and freed again, and somebody else holds the lock of their database.
//! Cooks and couriers mark what they find. In the end every order that was answered 201 must be in the list and handed over,
//! which takes a kitchen and a delivery service that were told of it, and all processes must be as idle and as small as they
//! were after a first, quiet while.

mod acts;
mod ledger;
mod report;
mod staff;

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use tokio::time::{Instant, sleep, sleep_until};

use crate::report::{Conditions, publish};
use crate::restaurant::Restaurant;
use crate::{Error, order, service};
use acts::{Act, Clock, Stage, Tmpfs};
use ledger::{Ledger, Shared};
use report::{Report, Size};
use staff::Staff;

/// When each thing happens, as a part of the run. The clock is set right while the disk is full, and a lock is held while
/// the clock is wrong.
const PLAN: [(f64, Act); 8] = [
    (0.05, Act::KitchenAway),
    (0.15, Act::ClockAhead),
    (0.25, Act::Locked),
    (0.35, Act::DiskFull),
    (0.40, Act::ClockRight),
    (0.45, Act::DiskFreed),
    (0.55, Act::Locked),
    (0.70, Act::KitchenBack),
];

/// Makes more than 20,000 orders in ten minutes while the kitchen is away.
const ORDERS_PER_SECOND: u32 = 60;

/// How long orders come before anything happens, so that what a process needs once is there.
const QUIET: Duration = Duration::from_secs(20);

/// How long it may take after the last order until all are where they should be: 20,000 orders are marked twice.
const SETTLE: Duration = Duration::from_secs(300);

/// All processes must be idle for this long. A process that takes this part of a core is idle: it probes, is probed, and
/// checks now and then whether its database can be written to.
const IDLE_FOR: Duration = Duration::from_secs(10);
const IDLE: f64 = 0.03;

/// How many times idleness is measured before the processes count as busy.
const LOOKS: u32 = 6;

/// A process may be this many times as large as before.
const GROWTH: f64 = 1.2;

#[derive(Args, Debug)]
pub(crate) struct Options {
    /// How long orders come
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=600))]
    minutes: u64,
    /// The folder in which the databases are made [default: the build's target folder]
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
    /// Also writes the result into this file, between `<!-- soak -->` and `<!-- /soak -->`
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
}

/// Measures and reports.
///
/// # Errors
/// Something could not be done; or all of it was, and not all is right again.
pub(crate) async fn run(options: Options) -> Result<(), Error> {
    let (programs, folder) = service::prepare(options.data)?;
    let conditions = Conditions::of(folder.path()).await?;
    let tmpfs = Tmpfs::mount(&folder.path().join("order-service"))?;
    let clock = Clock::install(folder.path())?;
    let variables = clock.as_ref().map_or_else(Vec::new, Clock::variables);
    let mut restaurant = Restaurant::open(&programs, folder.path(), &variables).await?;
    let gateway = restaurant.gateway()?;
    let order = order::body(gateway, "/order-api/menu").await?;
    let ledger: Shared = Shared::default();
    let staff = Staff::hire(gateway, &ledger);

    tell("a quiet while")?;
    staff.guests(&order, QUIET, ORDERS_PER_SECOND).await;
    settle(&ledger).await?;
    let before = sizes(&restaurant, &[]).await?;

    let length = Duration::from_secs(60 * options.minutes);
    let begun = Instant::now();
    let orders = staff.guests(&order, length, ORDERS_PER_SECOND);
    let mut stage = Stage::new(&mut restaurant, clock.as_ref(), tmpfs.as_ref());
    let acts = async {
        for (part, act) in PLAN {
            sleep_until(begun + length.mul_f64(part)).await;
            let done = stage.play(act).await?;
            let count = Ledger::of(&ledger).accepted();
            tell(&format!(
                "{} s, {count} orders: {done}",
                begun.elapsed().as_secs()
            ))?;
        }
        Ok::<_, Error>(())
    };
    let ((), acted) = tokio::join!(orders, acts);
    acted?;
    let told = std::mem::take(&mut stage.told);
    drop(stage);
    tell("no more orders")?;
    let last = Instant::now();
    let has_settled = settle(&ledger).await?;
    let settled = last.elapsed();
    let list = staff::list(gateway).await?;
    drop(staff);
    tell("is everything idle?")?;
    let sizes = sizes(&restaurant, &before).await?;
    let ledger = Ledger::of(&ledger).clone();
    let report = Report {
        conditions,
        minutes: options.minutes,
        acts: told,
        settled: has_settled.then_some(settled),
        strays: ledger.strays(&list),
        ledger,
        sizes,
    };
    publish("soak", &report.to_string(), options.markdown.as_deref())?;
    report.verdict()
}

/// Waits until every order has been handed over. Gives whether that came.
async fn settle(ledger: &Shared) -> Result<bool, Error> {
    let begun = Instant::now();
    loop {
        let left = Ledger::of(ledger).left();
        if left == 0 {
            return Ok(true);
        }
        if begun.elapsed() > SETTLE {
            return Ok(false);
        }
        tell(&format!("  {left} orders are under way"))?;
        sleep(Duration::from_secs(5)).await;
    }
}

/// How idle and how large each process is, once all are idle, or have had the time for it. `before` is how large they were.
async fn sizes(restaurant: &Restaurant, before: &[Size]) -> Result<Vec<Size>, Error> {
    let mut sizes = Vec::new();
    for _ in 0..LOOKS {
        let mut taken = Vec::new();
        for (_, service) in restaurant.running() {
            taken.push(service.cpu()?);
        }
        sleep(IDLE_FOR).await;
        sizes.clear();
        for ((name, service), cpu) in restaurant.running().zip(taken) {
            let was = before.iter().find(|size| size.name == name);
            let resident = service.memory()?.resident;
            sizes.push(Size {
                name,
                cpu: (service.cpu()?.saturating_sub(cpu)).div_duration_f64(IDLE_FOR),
                before: was.map_or(resident, |size| size.after),
                after: resident,
            });
        }
        if sizes.iter().all(Size::is_settled) {
            break;
        }
    }
    Ok(sizes)
}

fn tell(what: &str) -> Result<(), Error> {
    Ok(writeln!(io::stderr(), "{what}")?)
}
