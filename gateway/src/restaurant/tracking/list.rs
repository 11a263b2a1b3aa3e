//! A list in which orders are found by their ids. It is read once, however many orders are looked
//! for. Does no I/O.
//!
//! It holds the answer as it came and the place of each order in it, so that a found order is
//! exactly what the service wrote.

use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::BuildHasher as _;
use std::ops::Range;

use bytes::Bytes;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::subject::OrderId;

#[derive(Debug)]
pub(super) struct List {
    body: Bytes,
    /// Sorted by their hashes; equal hashes stay in the order of the list.
    entries: Vec<Entry>,
    /// Keyed at random, so that nobody can choose ids with equal hashes.
    hasher: RandomState,
}

#[derive(Debug)]
struct Entry {
    /// The hash of the id.
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
                hash: hasher.hash_one(id_of(text, key)?.as_str()),
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

    /// The first object with this id. `key` must be the key that the list was read by.
    pub(super) fn find(&self, key: &str, id: &OrderId) -> Option<Box<RawValue>> {
        let hash = self.hasher.hash_one(id.plain());
        let begin = self.entries.partition_point(|entry| entry.hash < hash);
        let entries = self.entries.iter().skip(begin);
        let mut texts = entries
            .take_while(|entry| entry.hash == hash)
            .filter_map(|entry| std::str::from_utf8(self.body.get(entry.place.clone())?).ok());
        let text = texts.find(|text| id_of(text, key).is_some_and(|found| found == id.plain()))?;
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

/// The string under a key of an object. If the key occurs twice, the last counts.
fn id_of(object: &str, key: &str) -> Option<String> {
    let mut reader = serde_json::Deserializer::from_str(object);
    let value = Find(key).deserialize(&mut reader).ok()??;
    serde_json::from_str(value.get()).ok()
}

/// Reads the value of one key and skips the rest of an object.
struct Find<'k>(&'k str);

/// Reads whether a key is this one.
struct Is<'k>(&'k str);

impl<'de> DeserializeSeed<'de> for Find<'_> {
    type Value = Option<&'de RawValue>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Self::Value, D::Error> {
        reader.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Find<'_> {
    type Value = Option<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut object: M) -> Result<Self::Value, M::Error> {
        let mut found = None;
        while let Some(is_it) = object.next_key_seed(Is(self.0))? {
            if is_it {
                found = Some(object.next_value()?);
            } else {
                object.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }
}

impl<'de> DeserializeSeed<'de> for Is<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<bool, D::Error> {
        reader.deserialize_str(self)
    }
}

impl Visitor<'_> for Is<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<bool, E> {
        Ok(key == self.0)
    }
}

#[cfg(test)]
mod tests;
