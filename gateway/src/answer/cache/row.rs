//! What is stored of one row, and what makes it out of date.
//!
//! Each target has a generation. A change of the target raises it, and an answer of an earlier generation is neither
//! served nor stored, however long it takes to arrive. The targets of a row share 256 counters, so that a change costs
//! the same however much is stored. A change of one target also makes one in 256 of the others out of date.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use super::flight::Flights;
use super::key::Key;
use super::refusals::Refusals;
use super::store::{Entry, Store};
use super::taking::Asked;
use super::{Copy, Missed};
use crate::routing::route::Kept;

/// Counters of a row that has more than one target.
const GENERATIONS: usize = 256;

/// How long requests go on as they came once an answer was for no other client. Each of them costs the upstream what it
/// would cost without a cache, and the one that looks again costs it twice.
const AS_IT_CAME: Duration = Duration::from_secs(5);

pub(super) struct Row {
    store: Store,
    pub(super) flights: Flights,
    generations: Box<[AtomicU64]>,
    epoch: AtomicU64,
    /// The route's.
    pub(super) path: Arc<str>,
    pub(super) refusals: Refusals,
    spread: RandomState,
    /// Bytes of one answer.
    pub(super) most: u64,
}

/// What there is for a key.
pub(super) enum Found {
    Fresh(Arc<Copy>),
    /// It may stand in.
    Stale(Arc<Copy>),
    AsItCame,
    Nothing,
}

impl Row {
    pub(super) fn new(kept: &Kept, bytes: u64) -> Self {
        let targets = if kept.has_parameters { GENERATIONS } else { 1 };
        Self {
            store: Store::new(bytes),
            flights: Flights::default(),
            generations: (0..targets).map(|_| AtomicU64::new(0)).collect(),
            epoch: AtomicU64::new(0),
            path: Arc::clone(&kept.path),
            refusals: Refusals::default(),
            spread: RandomState::new(),
            most: bytes / 2,
        }
    }

    /// For an answer that is asked for at this time.
    pub(super) fn ask(&self, key: &Key, now: Instant) -> Asked {
        Asked {
            at: now,
            generation: self.generation(key),
            epoch: self.epoch.load(Ordering::Acquire),
        }
    }

    pub(super) fn find(&self, key: &Key, now: Instant) -> Found {
        match self.store.get(key) {
            Some(Entry::Answer(copy)) if copy.generation == self.generation(key) => {
                if copy.epoch == self.epoch.load(Ordering::Acquire) && copy.is_fresh(now) {
                    Found::Fresh(copy)
                } else if copy.stands_in(now) {
                    Found::Stale(copy)
                } else {
                    self.store.remove(key);
                    Found::Nothing
                }
            }
            Some(Entry::AsItCame { until, generation })
                if generation == self.generation(key) && now < until =>
            {
                Found::AsItCame
            }
            Some(_) => {
                self.store.remove(key);
                Found::Nothing
            }
            None => Found::Nothing,
        }
    }

    /// Stores what was asked for, unless the target has changed since then.
    pub(super) fn learn(&self, key: &Key, asked: Asked, landed: &Result<Arc<Copy>, Missed>) {
        match landed {
            Ok(_) => self.refusals.stored(),
            Err(Missed::Unfit(unfit)) => self.refusals.note(&self.path, unfit, SystemTime::now()),
            Err(Missed::Fault(_) | Missed::Failed(_)) => {}
        }
        if self.generation(key) != asked.generation {
            return;
        }
        match landed {
            Ok(copy) => self.store.insert(key, Entry::Answer(Arc::clone(copy))),
            Err(Missed::Unfit(unfit)) => {
                let now = Instant::now();
                let is_empty = || matches!(self.find(key, now), Found::Nothing | Found::AsItCame);
                if unfit.replaces() || is_empty() {
                    let entry = Entry::AsItCame {
                        until: now + AS_IT_CAME,
                        generation: asked.generation,
                    };
                    self.store.insert(key, entry);
                }
            }
            Err(Missed::Fault(_) | Missed::Failed(_)) => {}
        }
    }

    /// What is stored for the path, and what is being asked for, is out of date; of all paths where none is named.
    pub(super) fn invalidate(&self, path: Option<&str>) {
        match path {
            Some(path) => self.counter(path.as_bytes()).map_or((), count_on),
            None => self.generations.iter().for_each(count_on),
        }
    }

    /// What is stored is not fresh any more. It may stand in.
    pub(super) fn expire(&self) {
        count_on(&self.epoch);
    }

    fn generation(&self, key: &Key) -> u64 {
        let counter = self.counter(key.path());
        counter.map_or(0, |counter| counter.load(Ordering::Acquire))
    }

    fn counter(&self, path: &[u8]) -> Option<&AtomicU64> {
        match &*self.generations {
            [counter] => Some(counter),
            counters => {
                let hash = usize::try_from(self.spread.hash_one(path) % GENERATIONS as u64);
                counters.get(hash.unwrap_or(0))
            }
        }
    }

    #[cfg(test)]
    pub(super) fn weight(&self) -> u64 {
        self.store.weight()
    }
}

fn count_on(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::AcqRel);
}

#[cfg(test)]
mod tests;
