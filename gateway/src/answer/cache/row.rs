//! The stored answers of one row, and what makes them out of date.
//!
//! Each target has a generation, which every change of the target raises. An answer of an earlier
//! generation is neither served nor stored, however late it arrives. The targets of a row share 256
//! counters, so that a change costs the same however much is stored. A change of one target also
//! makes one in 256 of the others out of date.

use std::hash::{BuildHasher as _, RandomState};
use std::iter::Sum;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use super::flight::Flights;
use super::key::Key;
use super::refusals::Refusals;
use super::store::{Entry, Store};
use super::taking::Asked;
use super::{Copy, Missed};
use crate::routing::route::CachePolicy;

/// The number of counters of a row with more than one target.
const GENERATIONS: usize = 256;

/// How long requests are passed on, as by Varnish, after an answer that was for one client alone.
/// Each costs the upstream as much as without a cache; the one that tries again costs twice as much.
const HIT_FOR_PASS: Duration = Duration::from_secs(5);

pub(super) struct Row {
    store: Store,
    pub(super) flights: Flights,
    /// Shared with the rows of the same path in other configurations: a change that one of them
    /// learns of concerns all.
    generations: Arc<[AtomicU64]>,
    /// Older answers are no longer fresh, but may still stand in for a missing one.
    epoch: AtomicU64,
    /// How often an answer was stored or removed.
    stored: AtomicU64,
    /// The route's path.
    pub(super) path: Arc<str>,
    pub(super) refusals: Refusals,
    spread: RandomState,
    /// The most bytes that one answer may have.
    most: AtomicU64,
}

/// The state of a key in the cache.
pub(super) enum Found {
    Fresh(Arc<Copy>),
    /// It may replace an answer that does not come.
    Stale(Arc<Copy>),
    /// The target's last answer was for one client alone. For a while its requests are passed on, without
    /// waiting for each other.
    HitForPass,
    Nothing,
}

/// How much has changed in a row, or in all rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Changes {
    /// How often an answer was stored or removed.
    pub(crate) stored: u64,
    /// How often answers were made out of date.
    pub(crate) invalidated: u64,
}

impl Sum for Changes {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, one| Self {
            stored: sum.stored.wrapping_add(one.stored),
            invalidated: sum.invalidated.wrapping_add(one.invalidated),
        })
    }
}

impl Row {
    pub(super) fn new(policy: &CachePolicy, bytes: u64) -> Self {
        let targets = if policy.has_parameters {
            GENERATIONS
        } else {
            1
        };
        Self {
            store: Store::new(bytes),
            flights: Flights::default(),
            generations: (0..targets).map(|_| AtomicU64::new(0)).collect(),
            epoch: AtomicU64::new(0),
            stored: AtomicU64::new(0),
            path: Arc::clone(&policy.path),
            refusals: Refusals::default(),
            spread: RandomState::new(),
            most: AtomicU64::new(bytes / 2),
        }
    }

    /// A row of the same path whose answers are cached in another way.
    pub(super) fn renewed(&self, policy: &CachePolicy, bytes: u64) -> Self {
        Self {
            generations: Arc::clone(&self.generations),
            spread: self.spread.clone(),
            ..Self::new(policy, bytes)
        }
    }

    /// Takes this many bytes from now on.
    pub(super) fn resize(&self, bytes: u64) {
        self.most.store(bytes / 2, Ordering::Relaxed);
        self.store.resize(bytes);
    }

    pub(super) fn most(&self) -> u64 {
        self.most.load(Ordering::Relaxed)
    }

    /// Notes when an answer is asked for: the time, the generation of its target and the epoch of the
    /// row.
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
            Some(Entry::HitForPass { until, generation })
                if generation == self.generation(key) && now < until =>
            {
                Found::HitForPass
            }
            Some(_) => {
                self.store.remove(key);
                Found::Nothing
            }
            None => Found::Nothing,
        }
    }

    /// Stores the outcome of a request, unless the target has changed since it was asked.
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
            Ok(copy) => self.insert(key, Entry::Answer(Arc::clone(copy))),
            Err(Missed::Unfit(unfit)) => {
                let now = Instant::now();
                let is_empty = || matches!(self.find(key, now), Found::Nothing | Found::HitForPass);
                if unfit.replaces() || is_empty() {
                    let entry = Entry::HitForPass {
                        until: now + HIT_FOR_PASS,
                        generation: asked.generation,
                    };
                    self.insert(key, entry);
                }
            }
            Err(Missed::Fault(_) | Missed::Failed(_)) => {}
        }
    }

    fn insert(&self, key: &Key, entry: Entry) {
        self.store.insert(key, entry);
        self.stored.fetch_add(1, Ordering::Relaxed);
    }

    /// The answers that may replace missing ones.
    pub(super) fn answers(&self) -> impl Iterator<Item = (Key, Arc<Copy>)> {
        self.store.iter().filter_map(|(key, entry)| match entry {
            Entry::Answer(copy) => {
                let is_current = copy.generation == self.generation(&key);
                (is_current && copy.stands_in(Instant::now())).then_some((key, copy))
            }
            Entry::HitForPass { .. } => None,
        })
    }

    /// Stores an answer from before the start, if it may still replace a missing one.
    pub(super) fn restore(&self, key: &Key, copy: Copy) -> bool {
        let stands_in = copy.stands_in(Instant::now());
        if stands_in {
            self.store.insert(key, Entry::Answer(Arc::new(copy)));
        }
        stands_in
    }

    pub(super) fn changes(&self) -> Changes {
        let generations = self.generations.iter();
        Changes {
            stored: self.stored.load(Ordering::Relaxed),
            invalidated: generations
                .map(|counter| counter.load(Ordering::Acquire))
                .sum(),
        }
    }

    /// Makes the stored answers for the path, and those being asked for, out of date; without a
    /// path, those of all paths.
    pub(super) fn invalidate(&self, path: Option<&str>) {
        match path {
            Some(path) => self.counter(path.as_bytes()).map_or((), count_on),
            None => self.generations.iter().for_each(count_on),
        }
    }

    /// Makes the stored answers stale. They may still replace missing ones.
    pub(super) fn expire(&self) {
        count_on(&self.epoch);
    }

    pub(super) fn generation(&self, key: &Key) -> u64 {
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
