//! Processes of every kind are killed while guests order. No order may be lost or made twice.
//!
//! A guest repeats an order with the same key until it is answered. Cooks and couriers mark the
//! orders that they find, so that an order is handed over only if the kitchen and delivery were told
//! of it.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher as _, RandomState};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use hyper::StatusCode;
use tokio::time::sleep;

use super::super::ledger::{Ledger, Shared};
use super::super::staff::{self, SETTLE, Staff, id_of};
use super::fleet::Fleet;
use super::guests::Stop;
use super::section::Section;
use crate::Error;
use crate::programs::Place;
use crate::report::markdown::table;
use crate::report::tell;
use crate::traffic::client::{Client, fresh_key};
use crate::traffic::load::{self, Pace, Turns};

const RATE: u32 = 40;
const GUESTS: usize = 40;

/// How long a guest repeats an order.
const PATIENCE: Duration = Duration::from_secs(60);

/// The pause before an order is sent again.
const PAUSE: Duration = Duration::from_millis(200);

/// How long, at most, there is peace after a start, and a killed process stays away.
const PEACE: Duration = Duration::from_millis(1500);
const AWAY: Duration = Duration::from_secs(2);

/// `orders` are placed.
pub(super) async fn run(place: &Place, replicas: usize, orders: u64) -> Result<Section, Error> {
    let mut fleet = Fleet::restaurant(place, replicas).await?;
    let addr = fleet.balancer.addr();
    let order = Client::new(addr).order("/order-api/menu").await?;
    let (ledger, stop) = (Shared::default(), Stop::default());
    let staff = Staff::hire(addr, &ledger);
    let pace = Pace {
        rate: Some(RATE),
        catches_up: true,
        duration: Duration::from_secs_f64(orders as f64 / f64::from(RATE)),
    };
    let guests = (0..GUESTS).map(|_| Client::new(addr)).collect();
    let ordering = async {
        let parts = load::run(guests, pace, |client, turns| {
            guest(client, turns, order.clone(), ledger.clone())
        });
        let repeats: u64 = parts.await?.into_iter().sum();
        stop.set();
        Ok(repeats)
    };
    let (repeats, kills) = tokio::try_join!(ordering, kill(&mut fleet, &stop))?;
    tell("  no more orders")?;
    let list = handed_over(addr, &ledger).await?;
    drop(staff);
    let ledger = Ledger::of(&ledger).clone();
    let (strays, twice) = (ledger.strays(&list), ledger.strangers(&list));
    let lost: usize = strays.values().map(Vec::len).sum();
    let mut section = Section::new("Processes are killed while guests order");
    section.check(lost == 0, || {
        let by_status = strays
            .iter()
            .map(|(status, all)| format!("{} {status}", all.len()));
        let by_status: Vec<_> = by_status.collect();
        format!(
            "{lost} orders are not handed over: {}",
            by_status.join(", ")
        )
    });
    section.check(twice == 0, || format!("{twice} orders were made twice"));
    section.check(ledger.refused.is_empty(), || {
        format!("orders were refused: {:?}", ledger.refused)
    });
    section.text(format!(
        "{RATE} orders a second come through HAProxy, each with a key of its own, and are repeated with it until they are answered. Meanwhile `kill -9` ends processes by chance, each of which starts again within {} s.",
        AWAY.as_secs(),
    ));
    let killed = kills
        .into_iter()
        .map(|(program, count)| [program.to_owned(), count.to_string()]);
    section.text(table(&["Program", "kills"], killed));
    section.text(format!(
        "- Orders answered 201: {}, in {:.1} ms (median; p99 {:.0} ms, longest {:.0} ms), with {repeats} repeats.\n\
         - Of these not listed, or not handed over: {lost}. Made twice: {twice}.",
        ledger.accepted(),
        ledger.waits.ms(50.0),
        ledger.waits.ms(99.0),
        ledger.waits.ms(100.0),
    ));
    Ok(section)
}

/// The list of all orders, once all are handed over or their time is up. The list alone knows: a
/// delivery that was killed right after it took the courier's mark answers nobody and, when it is
/// back, does not know the order any more.
async fn handed_over(addr: SocketAddr, ledger: &Shared) -> Result<HashMap<String, String>, Error> {
    let begun = Instant::now();
    loop {
        let list = staff::list(addr).await?;
        let strays = Ledger::of(ledger).strays(&list);
        if strays.is_empty() || begun.elapsed() > SETTLE {
            return Ok(list);
        }
        sleep(Duration::from_secs(2)).await;
    }
}

/// A guest who orders again and again. Gives how many requests were repeats.
async fn guest(
    mut client: Client,
    mut turns: Turns,
    order: String,
    ledger: Shared,
) -> Result<u64, Error> {
    let mut repeats = 0;
    while turns.next().await.is_some() {
        let (key, begun) = (fresh_key(), Instant::now());
        loop {
            let made = client.post("/order-api/commandes", Some(key.clone()), order.clone());
            let why = match made.await {
                Ok(made) if made.status() == StatusCode::CREATED => {
                    Ledger::of(&ledger).accept(id_of(&made)?, begun.elapsed());
                    break;
                }
                Ok(answer) => answer.status().as_u16().to_string(),
                Err(error) => error.to_string(),
            };
            if begun.elapsed() > PATIENCE {
                Ledger::of(&ledger).refuse(why);
                break;
            }
            repeats += 1;
            sleep(PAUSE).await;
        }
    }
    Ok(repeats)
}

/// Kills processes by chance, and starts each again after a moment, until `stop`. Gives the number
/// of kills by program.
async fn kill(fleet: &mut Fleet<'_>, stop: &Stop) -> Result<BTreeMap<&'static str, u64>, Error> {
    let (chance, mut kills) = (RandomState::new(), BTreeMap::new());
    for turn in 0_u64.. {
        if stop.is_set() {
            break;
        }
        let [which, when, long] = [0, 1, 2].map(|of| chance.hash_one((turn, of)));
        let part = |of: u64| (of % 1000) as f64 / 1000.0;
        sleep(PEACE.mul_f64(part(when))).await;
        let at = which as usize % fleet.members().len();
        *kills.entry(fleet.member(at)?.program).or_default() += 1;
        fleet.kill(at);
        sleep(AWAY.mul_f64(part(long))).await;
        fleet.run(at).await?;
    }
    Ok(kills)
}
