//! Delivers the entries for one upstream: claims lanes, sends them concurrently, and settles the
//! outcomes together with the next claim.

use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::rt::task::JoinHandle;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use service_kit::serve::Draining;

use super::health::{Change, Health};
use super::send::{Sender, Tried, failed};
use super::{Delivery, LANE_TIME};
use crate::config::Upstream;
use crate::request::Kept;
use crate::store::{Claimed, Outcome, Settled, Store};
use crate::vault::Vault;

/// The clients whose entries are sent at once. Far fewer than the upstream takes, so that new orders
/// find room beside the old ones.
const LANES: usize = 16;

/// How often the table is read without a notification: for entries whose wait is over, and for those
/// of another replica.
const POLL_INTERVAL: Duration = Duration::from_millis(250);

/// A short pause after a lane, so that one transaction serves several.
const GATHER: Duration = Duration::from_millis(5);

/// The pause after a database error.
const DATABASE_REST: Duration = Duration::from_secs(1);

/// How often a stop tries to write the last outcomes. What is not written is sent again after the
/// next start.
const LAST_WRITES: u8 = 3;

pub(super) struct Courier {
    name: &'static str,
    store: Store,
    vault: Arc<Vault>,
    sender: Rc<Sender>,
}

/// What became of a lane.
struct Ended {
    settled: Vec<Settled>,
    has_answered: bool,
    is_lost: bool,
}

impl Courier {
    pub(super) fn new(delivery: &Delivery, upstream: &Upstream) -> Self {
        Self {
            name: upstream.name,
            store: delivery.store.clone(),
            vault: Arc::clone(&delivery.vault),
            sender: Rc::new(Sender {
                client: upstream.url.client(),
                url: upstream.url.clone(),
                voucher: delivery.voucher.clone(),
            }),
        }
    }

    pub(super) async fn run(&self, draining: &Draining) {
        let mut health = Health::default();
        let mut in_flight: FuturesUnordered<JoinHandle<Ended>> = FuturesUnordered::new();
        let mut settled = Vec::new();
        let mut last_writes = LAST_WRITES;
        loop {
            let stop = draining.is_on();
            let room = if stop { 0 } else { LANES - in_flight.len() };
            let has_settled = !settled.is_empty();
            let rest = match self.turn(&mut settled, room, &mut health).await {
                Ok((begun, lanes)) => {
                    in_flight.extend(lanes.into_iter().map(|lane| self.spawn(lane, begun)));
                    // What is behind the settled ones in their lanes is due now.
                    if has_settled {
                        Duration::ZERO
                    } else {
                        POLL_INTERVAL
                    }
                }
                Err(error) => {
                    // The outcomes are written with the next transaction.
                    log::error!(upstream = self.name; "the queue cannot be used: {error}");
                    DATABASE_REST
                }
            };
            if stop && in_flight.is_empty() {
                last_writes -= 1;
                if settled.is_empty() || last_writes == 0 {
                    return;
                }
            }
            tokio::select! {
                Some(ended) = in_flight.next() => self.note(ended.ok(), &mut settled, &mut health),
                () = self.store.taken() => {}
                () = draining.begun(), if !stop => {}
                () = tokio::time::sleep(rest) => continue,
            }
            let mut gathered = pin!(tokio::time::sleep(GATHER));
            loop {
                tokio::select! {
                    Some(ended) = in_flight.next() => {
                        self.note(ended.ok(), &mut settled, &mut health);
                    }
                    () = &mut gathered => break,
                }
            }
        }
    }

    /// Settles and claims, if there is something to settle or to claim. The time is that before the
    /// claim.
    async fn turn(
        &self,
        settled: &mut Vec<Settled>,
        mut room: usize,
        health: &mut Health,
    ) -> sqlx::Result<(Instant, Vec<Vec<Claimed>>)> {
        if room > 0 && !self.may_claim(health).await? {
            room = 0;
        }
        let begun = Instant::now();
        if room == 0 && settled.is_empty() {
            return Ok((begun, Vec::new()));
        }
        let claimed = self.store.turn(self.name, settled, room).await?;
        settled.clear();
        Ok((begun, claimed))
    }

    /// Whether something is due and the upstream answers.
    async fn may_claim(&self, health: &mut Health) -> sqlx::Result<bool> {
        let now = self.store.now().await?;
        if !self.store.is_due(self.name, now).await? {
            return Ok(false);
        }
        if health.is_known(Instant::now()) {
            return Ok(true);
        }
        if !health.begin_probe(Instant::now()) {
            return Ok(false);
        }
        match self.sender.probe().await {
            Ok(()) => {
                self.log_change(health.answered(Instant::now()), "");
                Ok(true)
            }
            Err(error) => {
                self.log_change(health.lost(), &error);
                Ok(false)
            }
        }
    }

    /// A task of its own: it goes on while the next turn waits for the database.
    fn spawn(&self, lane: Vec<Claimed>, begun: Instant) -> JoinHandle<Ended> {
        let (sender, vault) = (Rc::clone(&self.sender), Arc::clone(&self.vault));
        let name = self.name;
        actix_web::rt::spawn(async move { deliver(name, &sender, &vault, lane, begun).await })
    }

    fn note(&self, ended: Option<Ended>, settled: &mut Vec<Settled>, health: &mut Health) {
        let Some(ended) = ended else { return };
        settled.extend(ended.settled);
        if ended.has_answered {
            self.log_change(health.answered(Instant::now()), "");
        }
        if ended.is_lost {
            self.log_change(health.lost(), "see above");
        }
    }

    fn log_change(&self, change: Option<Change>, error: &str) {
        let upstream = self.name;
        match change {
            Some(Change::Lost) => {
                log::warn!(upstream = upstream; "cannot be reached, its entries wait: {error}");
            }
            Some(Change::Back) => log::info!(upstream = upstream; "can be reached again"),
            None => {}
        }
    }
}

/// Sends the entries of one client one after the other, as long as each gets a final answer and the
/// time suffices.
async fn deliver(
    upstream: &str,
    sender: &Sender,
    vault: &Vault,
    lane: Vec<Claimed>,
    begun: Instant,
) -> Ended {
    let mut ended = Ended {
        settled: Vec::with_capacity(lane.len()),
        has_answered: false,
        is_lost: false,
    };
    let mut goes_on = true;
    for entry in lane {
        let mut outcome = Outcome::Untouched;
        if goes_on && begun.elapsed() < LANE_TIME {
            let tried = try_one(sender, vault, &entry).await;
            goes_on = tried.outcome.is_final();
            ended.has_answered |= goes_on;
            ended.is_lost |= tried.is_lost;
            if !goes_on {
                log_trouble(upstream, &entry, &tried.trouble);
            }
            outcome = tried.outcome;
        }
        ended.settled.push((entry, outcome));
    }
    ended
}

async fn try_one(sender: &Sender, vault: &Vault, entry: &Claimed) -> Tried {
    let opened = vault.open(&entry.id, &entry.request);
    let kept = match opened.map(|plain| Kept::decode(&plain)) {
        Ok(Some(kept)) => kept,
        Ok(None) => return failed(entry, false, false, "it cannot be read".to_owned()),
        // An operator may put the right key back, so the entry stays.
        Err(error) => return failed(entry, false, false, error.to_string()),
    };
    sender.send(entry, kept).await
}

/// Warns once about an entry; later failures are debug lines.
fn log_trouble(upstream: &str, entry: &Claimed, trouble: &str) {
    let level = match entry.attempts {
        0 => log::Level::Warn,
        _ => log::Level::Debug,
    };
    let id = entry.id.as_str();
    log::log!(level, upstream = upstream, request_id = id; "an entry is not delivered yet: {trouble}");
}
