//! A list in which objects are found by their ids. It is read once, however many objects are looked
//! for. Does no I/O.
//!
//! It holds the answer as it came and the place of each object in it, so that a found object is
//! exactly what the service wrote.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::ops::Range;

use bytes::Bytes;
use serde_json::value::RawValue;
use shared_types::id::canonical;

use crate::aggregates::field::text_of;

#[derive(Debug)]
pub(crate) struct List {
    body: Bytes,
    /// Sorted by their hashes; equal hashes stay in the order of the list.
    entries: Vec<Entry>,
    /// Keyed at random, so that nobody can choose ids with equal hashes.
    hasher: RandomState,
}

#[derive(Debug)]
struct Entry {
    /// The hash of the id in its canonical spelling.
    hash: u64,
    /// The object's place in the body.
    place: Range<usize>,
}

impl List {
    /// Reads a list. `key` is the key of an object's id; objects without one are left out.
    ///
    /// # Errors
    /// The body is not a list.
    pub(super) fn read(body: Bytes, key: &str) -> Result<Self, serde_json::Error> {
        let hasher = RandomState::new();
        let values: Vec<&RawValue> = serde_json::from_slice(&body)?;
        let entry = |value: &RawValue| {
            let text = value.get();
            let begin = text.as_ptr().addr().checked_sub(body.as_ptr().addr())?;
            Some(Entry {
                hash: hasher.hash_one(&*canonical(text_of(text, key)?.as_str())),
                place: begin..begin + text.len(),
            })
        };
        let mut entries: Vec<_> = values.into_iter().filter_map(entry).collect();
        entries.sort_by_key(|entry| entry.hash);
        Ok(Self {
            body,
            entries,
            hasher,
        })
    }

    /// The first object with this id, which is in its canonical spelling. `key` must be the key that the
    /// list was read by.
    pub(super) fn find(&self, key: &str, id: &str) -> Option<Box<RawValue>> {
        let hash = self.hasher.hash_one(id);
        let begin = self.entries.partition_point(|entry| entry.hash < hash);
        let entries = self.entries.iter().skip(begin);
        let mut texts = entries
            .take_while(|entry| entry.hash == hash)
            .filter_map(|entry| std::str::from_utf8(self.body.get(entry.place.clone())?).ok());
        let text =
            texts.find(|text| text_of(text, key).is_some_and(|found| canonical(&found) == id))?;
        RawValue::from_string(text.to_owned()).ok()
    }

    /// The size of the answer in bytes.
    pub(super) fn length(&self) -> usize {
        self.body.len()
    }

    /// The bytes that the list takes.
    pub(super) fn size(&self) -> usize {
        size_of::<Self>() + self.body.len() + self.entries.capacity() * size_of::<Entry>()
    }
}

#[cfg(test)]
mod tests;
