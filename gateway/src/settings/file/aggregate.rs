//! The tables `[aggregates.NAME]`.

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};
use toml::Spanned;

use super::written::Written;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    expecting = "a table such as { path = \"/overview\", parts = { … } }"
)]
pub(crate) struct AggregateTable {
    /// The path of the answer. `{id}` matches one segment.
    #[schemars(extend("pattern" = "^/", "examples" = ["/overview/{id}"]))]
    pub(crate) path: String,
    /// The time for all parts, which are asked for at once. An upstream's own timeout applies to
    /// its part if it is shorter.
    #[serde(default = "default_timeout")]
    pub(crate) timeout: Written<Duration>,
    /// How old the last good answer of a part may be to replace a missing one; 0s for none.
    #[serde(default = "default_stale_if_error")]
    pub(crate) stale_if_error: Written<Duration>,
    /// The same answer as server-sent events, one at once and one for each change. Without this
    /// table, there is no stream.
    pub(crate) events: Option<EventsTable>,
    /// The parts of the answer by their names, in the order of the answer.
    #[serde(deserialize_with = "in_the_order_of_the_file")]
    #[schemars(with = "BTreeMap<String, PartTable>", extend("minProperties" = 1))]
    pub(crate) parts: Vec<(String, PartTable)>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    expecting = "a table such as { path = \"/overview/events\" }"
)]
pub(crate) struct EventsTable {
    /// The path of the stream. It has the parameters of the aggregate's path.
    #[schemars(extend("pattern" = "^/", "examples" = ["/overview/{id}/events"]))]
    pub(crate) path: String,
    /// The name of the events; by default the aggregate's name.
    #[schemars(length(min = 1))]
    pub(crate) name: Option<String>,
    /// How many different answers may be watched at once; beyond it 503.
    #[serde(default = "default_watched")]
    #[schemars(range(min = 1))]
    pub(crate) watched: usize,
    /// How many streams one address may have; beyond it 429. By default a tenth of `watched`.
    #[schemars(range(min = 1))]
    pub(crate) streams_per_client: Option<usize>,
    /// The answer after which the stream ends. Without this table, it goes on.
    pub(crate) end: Option<EndTable>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    expecting = "a table such as { part = \"job\", key = \"state\", values = [\"done\"] }"
)]
pub(crate) struct EndTable {
    /// The part that tells the end.
    pub(crate) part: String,
    /// The key of a text in that part.
    #[schemars(length(min = 1))]
    pub(crate) key: String,
    /// The texts with which the stream ends.
    #[schemars(length(min = 1))]
    pub(crate) values: Vec<String>,
    /// The name of the last event.
    #[serde(default = "default_end_event")]
    #[schemars(length(min = 1))]
    pub(crate) event: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    expecting = "a table such as { upstream = \"stock\", path = \"/items/{id}\" }"
)]
pub(crate) struct PartTable {
    /// The name of the upstream.
    pub(crate) upstream: String,
    /// The path and query at the upstream, with parameters of the aggregate's path.
    #[schemars(extend("pattern" = "^/", "examples" = ["/items/{id}", "/items?shop={id}"]))]
    pub(crate) path: String,
    /// If the upstream answers with a list: a key of its objects, and the parameter that it has in
    /// the one to show.
    #[schemars(extend("minProperties" = 1, "maxProperties" = 1, "examples" = [{ "item_id": "{id}" }]))]
    pub(crate) find: Option<BTreeMap<String, String>>,
    /// The JSON type that the upstream must answer with; by default either. Not with `find`.
    #[serde(rename = "type")]
    pub(crate) kind: Option<JsonType>,
    /// Whether nothing is shown without this part: its problem is then the answer.
    #[serde(default)]
    pub(crate) required: bool,
    /// With required = true: the code of the problem if the upstream has no such part; by default
    /// not_found.
    #[schemars(extend("examples" = ["not_found"]))]
    pub(crate) not_found: Option<String>,
    /// Where else the part is looked for if the upstream has no such part or gives no answer. Only
    /// for a part that is asked for by its id.
    pub(crate) otherwise: Option<OtherwiseTable>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    expecting = "a table such as { upstream = \"archive\", path = \"/items/{id}\" }"
)]
pub(crate) struct OtherwiseTable {
    /// The name of the upstream.
    pub(crate) upstream: String,
    /// The path and query at the upstream, with parameters of the aggregate's path.
    #[schemars(extend("pattern" = "^/", "examples" = ["/items/{id}"]))]
    pub(crate) path: String,
}

/// The JSON type of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum JsonType {
    Object,
    Array,
}

/// A table's keys are sorted as they are read, so each is read with its place.
fn in_the_order_of_the_file<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<(String, PartTable)>, D::Error> {
    let parts = BTreeMap::<String, Spanned<PartTable>>::deserialize(deserializer)?;
    let mut parts: Vec<_> = parts.into_iter().collect();
    parts.sort_by_key(|(_, part)| part.span().start);
    let parts = parts.into_iter();
    Ok(parts
        .map(|(name, part)| (name, part.into_inner()))
        .collect())
}

/// Enough for one slow answer; a page refreshes every few seconds.
fn default_timeout() -> Written<Duration> {
    Written(Duration::from_secs(2))
}

fn default_stale_if_error() -> Written<Duration> {
    Written(Duration::from_secs(60 * 60))
}

/// 1,000 watches make 500 requests a second to each service; even at 1 s each, that is half the
/// default concurrency.
fn default_watched() -> usize {
    1000
}

fn default_end_event() -> String {
    "end".to_owned()
}
