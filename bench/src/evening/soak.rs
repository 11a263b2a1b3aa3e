//! Runs an evening on which everything goes wrong at once, and checks that all is right again
//! afterwards.
//!
//! Orders come at a constant pace the whole time. Meanwhile the kitchen is away, the clock of all
//! processes goes an hour wrong and right again, the disk under the orders fills up and is freed
//! again, and another process holds the lock of their database. Cooks and couriers mark the orders
//! that they find. In the end every order answered 201 must be in the list and handed over, which
//! shows that the kitchen and delivery were told of it. All processes must be as idle and as small
//! as after a first, quiet while.

mod acts;
mod report;

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use tokio::time::{Instant, sleep, sleep_until};

use super::ledger::{Ledger, Shared};
use super::staff::{self, Staff, settle};
use crate::Error;
use crate::programs::Place;
use crate::programs::restaurant::Restaurant;
use crate::report::{Measured, tell};
use crate::traffic::client::Client;
use crate::traffic::load::Pace;
use acts::{Act, Clock, Stage, Tmpfs};
use report::{Report, Size};

/// When each thing happens, as a fraction of the run. The clock is set right while the disk is
/// full, and a lock is held while the clock is wrong.
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

/// Orders that come before anything happens, so that each service keeps all that it ever keeps:
/// delivery-mock holds the last 10,000 deliveries.
const QUIET: Duration = Duration::from_secs(40);
const QUIET_ORDERS_PER_SECOND: u32 = 300;

/// All processes must be idle for this long. A process that uses no more than this fraction of a
/// core is idle: it still probes, is probed, and checks now and then that its database can be
/// written.
const IDLE_FOR: Duration = Duration::from_secs(10);
const IDLE: f64 = 0.03;

/// How many times idleness is measured before the processes count as busy.
const LOOKS: u32 = 6;

/// The most that a process may have grown, as a multiple of its earlier size.
const GROWTH: f64 = 1.2;

#[derive(Args, Debug)]
pub(crate) struct Options {
    /// Minutes for which orders come
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=600))]
    minutes: u64,
    /// The folder for the databases [default: the build's target folder]
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
}

pub(crate) async fn run(options: Options) -> Result<Measured, Error> {
    let place = Place::prepare(options.data).await?;
    let tmpfs = Tmpfs::mount(&place.folder().join("order-service"))?;
    let clock = Clock::install(place.folder())?;
    let variables = clock.as_ref().map_or_else(Vec::new, Clock::variables);
    let mut restaurant = Restaurant::open(&place, &variables).await?;
    let gateway = restaurant.gateway()?;
    let order = Client::new(gateway).order("/order-api/menu").await?;
    let ledger: Shared = Shared::default();
    let staff = Staff::hire(gateway, &ledger);
    let pace = |rate, duration| Pace {
        rate: Some(rate),
        // Orders that could not be placed in time are not made up for.
        catches_up: false,
        duration,
    };

    tell("a quiet while")?;
    staff
        .guests(&order, pace(QUIET_ORDERS_PER_SECOND, QUIET))
        .await?;
    settle(&ledger).await?;
    // The orders are listed at the end too. Four lists at once use all connections that a service
    // has for reading.
    let list = || staff::list(gateway);
    tokio::try_join!(list(), list(), list(), list())?;
    let before = sizes(&restaurant, &[]).await?;

    let length = Duration::from_secs(60 * options.minutes);
    let begun = Instant::now();
    let orders = staff.guests(&order, pace(ORDERS_PER_SECOND, length));
    let mut stage = Stage::new(&mut restaurant, clock.as_ref(), tmpfs.as_ref());
    let acts = async {
        let mut told = Vec::new();
        for (part, act) in PLAN {
            sleep_until(begun + length.mul_f64(part)).await;
            let done = stage.play(act).await?;
            let (seconds, count) = (begun.elapsed().as_secs(), Ledger::of(&ledger).accepted());
            tell(format!("{seconds} s, {count} orders: {done}"))?;
            told.push(done);
        }
        Ok::<_, Error>(told)
    };
    let (ordered, acts) = tokio::join!(orders, acts);
    ordered?;
    let acts = acts?;
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
    Ok(place.measured(Report {
        minutes: options.minutes,
        acts,
        settled: has_settled.then_some(settled),
        strays: ledger.strays(&list),
        ledger,
        sizes,
    }))
}

/// How idle and how large each process is, once all are idle or their time is up. `before` are
/// their earlier sizes.
async fn sizes(restaurant: &Restaurant<'_>, before: &[Size]) -> Result<Vec<Size>, Error> {
    let mut sizes = Vec::new();
    for _ in 0..LOOKS {
        let cpu = restaurant.running().map(|(_, service)| service.cpu());
        let cpu: Vec<_> = cpu.collect::<Result<_, _>>()?;
        sleep(IDLE_FOR).await;
        sizes.clear();
        for ((name, service), cpu) in restaurant.running().zip(cpu) {
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
