//! Stores the answers of one row, bounded in bytes.
//!
//! Each row has its own store, so that requests for one row evict nothing of another. Within a row,
//! answers that are often asked for stay: CLOCK-Pro resists a flood of questions that are asked
//! only once.
//!
//! The bound covers everything that an entry takes: answer, key, its place in the tables, and the
//! allocator's rounding. quick_cache was chosen over moka: it takes some hundred bytes less for
//! each entry, frees an evicted entry at once and not after a queue of writes, and holds its bound
//! at every moment.

use std::hash::RandomState;
use std::sync::Arc;
use std::time::Instant;

use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{OptionsBuilder, Weighter};

use super::Copy;
use super::key::Key;

/// The bytes that an entry takes in quick_cache's tables: about 100 of a list and 10 of a hash
/// table, both of which double as they grow; half as much for an evicted one, whose hash is
/// remembered; and the counters of the shared allocations.
const PER_ENTRY: usize = 400;

/// mimalloc's size classes round up by at most an eighth.
const ROUNDED_UP: usize = 8;

/// The usual size of an entry. It bounds how many evicted keys are remembered.
const USUAL_SIZE: u64 = 4096;

#[derive(Clone, Debug)]
pub(super) enum Entry {
    Answer(Arc<Copy>),
    /// The answer is for no other client. Until then, each request goes to the upstream as it came.
    HitForPass {
        until: Instant,
        generation: u64,
    },
}

#[derive(Clone)]
struct Weigh;

impl Weighter<Key, Entry> for Weigh {
    fn weight(&self, key: &Key, entry: &Entry) -> u64 {
        let size = match entry {
            Entry::Answer(copy) => copy.size(),
            Entry::HitForPass { .. } => 0,
        };
        weight(key.size() + size)
    }
}

/// The weight of an entry whose key and value have this many bytes.
pub(crate) fn weight(size: usize) -> u64 {
    let size = size + PER_ENTRY;
    (size + size / ROUNDED_UP) as u64
}

/// The settings of the store of all entries.
pub(crate) fn options(bytes: u64) -> Option<quick_cache::Options> {
    let usual = usize::try_from(bytes / USUAL_SIZE).unwrap_or(usize::MAX);
    OptionsBuilder::new()
        // Each of several shards would have a part of the bytes, and refuse any larger answer.
        .shards(1)
        .estimated_items_capacity(usual)
        .weight_capacity(bytes)
        .build()
        .ok()
}

pub(super) struct Store(Option<Cache<Key, Entry, Weigh, RandomState>>);

impl Store {
    pub(super) fn new(bytes: u64) -> Self {
        let (hasher, lifecycle) = (RandomState::new(), DefaultLifecycle::default());
        Self(options(bytes).map(|options| Cache::with_options(options, Weigh, hasher, lifecycle)))
    }

    pub(super) fn get(&self, key: &Key) -> Option<Entry> {
        self.0.as_ref()?.get(key)
    }

    pub(super) fn insert(&self, key: &Key, entry: Entry) {
        if let Some(cache) = &self.0 {
            cache.insert(key.compact(), entry);
        }
    }

    pub(super) fn remove(&self, key: &Key) {
        if let Some(cache) = &self.0 {
            cache.remove(key);
        }
    }

    /// The entries. The lock is taken for each of them anew, and is free in between.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Key, Entry)> {
        self.0.iter().flat_map(Cache::iter)
    }

    /// Takes this many bytes from now on. What does not fit any more is evicted.
    pub(super) fn resize(&self, bytes: u64) {
        if let Some(cache) = &self.0 {
            cache.set_capacity(bytes);
        }
    }

    #[cfg(test)]
    pub(super) fn weight(&self) -> u64 {
        self.0.as_ref().map_or(0, Cache::weight)
    }
}
