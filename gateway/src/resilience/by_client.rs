//! A table of fixed size with one slot for each client.
//!
//! A hash chooses a client's slot, and clients that meet in a slot share what it holds. A map of
//! all clients was rejected: it would grow with every address that anyone can send from, and need a
//! lock and an allocation for each request. The hash is keyed at random in each process, so nobody
//! can look for an address that meets another.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::iter::repeat_with;

use super::client::Client;

pub(super) struct ByClient<C, const SLOTS: usize> {
    slots: Box<[C]>,
    hasher: RandomState,
}

impl<C: Default, const SLOTS: usize> ByClient<C, SLOTS> {
    pub(super) fn new() -> Self {
        Self {
            slots: repeat_with(C::default).take(SLOTS).collect(),
            hasher: RandomState::new(),
        }
    }
}

impl<C, const SLOTS: usize> ByClient<C, SLOTS> {
    /// The index of a client's slot.
    pub(super) fn slot(&self, client: &Client) -> usize {
        self.hasher.hash_one(client) as usize % SLOTS
    }

    #[expect(clippy::indexing_slicing, reason = "the table has that many slots")]
    pub(super) fn of(&self, client: &Client) -> &C {
        &self.slots[self.slot(client)]
    }

    /// The content of the slot with this index.
    pub(super) fn get(&self, slot: usize) -> Option<&C> {
        self.slots.get(slot)
    }

    #[cfg(test)]
    pub(super) fn all(&self) -> &[C] {
        &self.slots
    }
}
