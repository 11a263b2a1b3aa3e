//! The concurrency limit of an upstream: a table, or the word "adaptive" for one with its defaults.

use std::fmt;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};

use super::written::Written;

const ADAPTIVE: &str = "adaptive";

#[derive(Debug, Default)]
pub(crate) struct Concurrency(pub(crate) ConcurrencyTable);

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ConcurrencyTable {
    /// The number of permits; the most, if it is adaptive. A request holds one while the upstream is
    /// waited for.
    #[schemars(range(min = 1))]
    pub(crate) requests: usize,
    /// Whether the number adapts to the upstream's latency.
    pub(crate) adaptive: bool,
    /// With adaptive: how few permits there may be; by default 10.
    #[schemars(range(min = 1))]
    pub(crate) floor: Option<usize>,
    /// How many more requests may wait for a permit.
    pub(crate) queue: usize,
    /// How long they may wait; beyond it 503.
    pub(crate) wait: Written<Duration>,
    /// How many permits one address may hold; beyond it 429. By default a tenth of `requests`.
    #[schemars(range(min = 1))]
    pub(crate) per_client: Option<usize>,
}

impl Default for ConcurrencyTable {
    fn default() -> Self {
        Self {
            requests: 1000,
            adaptive: false,
            floor: None,
            queue: 200,
            wait: Written(Duration::from_millis(250)),
            per_client: None,
        }
    }
}

impl<'de> Deserialize<'de> for Concurrency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ConcurrencyVisitor)
    }
}

struct ConcurrencyVisitor;

impl<'de> Visitor<'de> for ConcurrencyVisitor {
    type Value = Concurrency;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"adaptive\", or a table such as { requests = 100 }")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Concurrency, E> {
        if text != ADAPTIVE {
            return Err(E::invalid_value(Unexpected::Str(text), &self));
        }
        Ok(Concurrency(ConcurrencyTable {
            adaptive: true,
            ..ConcurrencyTable::default()
        }))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Concurrency, A::Error> {
        ConcurrencyTable::deserialize(MapAccessDeserializer::new(map)).map(Concurrency)
    }
}

impl JsonSchema for Concurrency {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Concurrency".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let table = generator.subschema_for::<ConcurrencyTable>();
        json_schema!({ "anyOf": [{ "const": ADAPTIVE }, table] })
    }
}
