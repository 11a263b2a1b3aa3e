//! Reads one field of an object, and nothing else of it. Does no I/O.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The text or the whole number under a key of an object. If the key occurs twice, the last counts.
pub(super) fn text_of(object: &str, key: &str) -> Option<String> {
    let mut reader = serde_json::Deserializer::from_str(object);
    let value = Find(key).deserialize(&mut reader).ok()??.get();
    if value.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(value.to_owned());
    }
    serde_json::from_str(value).ok()
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
