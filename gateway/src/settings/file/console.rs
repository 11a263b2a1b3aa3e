//! The table `[console]`: a journey through the public API, for the operator's console to play.
//!
//! The console gets the table as it is, once it is checked.

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

use super::label::Label;
use super::written::Written;

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    expecting = "a table such as { journey = [{ name = \"list\", calls = [{ request = \"GET /stock\" }] }] }"
)]
pub(crate) struct ConsoleTable {
    /// The title of the journey: one text, or one for each language.
    pub(crate) title: Option<Label>,
    /// The sentence below the title.
    pub(crate) intro: Option<Label>,
    /// The sentence after the last step; `{seconds}` is the time that it took.
    pub(crate) success: Option<Label>,
    /// Texts that requests may use from the start, by name, such as a demo account.
    #[serde(default)]
    pub(crate) values: BTreeMap<String, String>,
    /// The steps, in their order.
    #[schemars(length(min = 1))]
    pub(crate) journey: Vec<StepTable>,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    expecting = "a table such as { name = \"list\", calls = [{ request = \"GET /stock\" }] }"
)]
pub(crate) struct StepTable {
    /// Lower-case letters, digits and dashes.
    #[schemars(extend("pattern" = "^[a-z0-9-]+$"))]
    pub(crate) name: String,
    /// The step's title: one text, or one for each language; by default its name.
    pub(crate) label: Option<Label>,
    /// The requests of the step, in their order.
    #[schemars(length(min = 1))]
    pub(crate) calls: Vec<CallTable>,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    expecting = "a table such as { request = \"GET /stock\" }"
)]
pub(crate) struct CallTable {
    /// A method and a path, with values in braces.
    #[schemars(extend("pattern" = "^[A-Z]+ /", "examples" = ["GET /stock/{id}"]))]
    pub(crate) request: String,
    /// Header fields, with values in braces.
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
    /// The JSON body, with values in braces.
    pub(crate) body: Option<Value>,
    /// Values to set before the request. Those of `values` stay set when the journey begins again.
    #[serde(default)]
    pub(crate) set: BTreeMap<String, String>,
    /// A value: if it is known, the request is left out.
    pub(crate) unless: Option<String>,
    /// Statuses that are no failure, although they are no success. Nothing is taken from the answer.
    #[serde(default)]
    #[schemars(inner(range(min = 300, max = 599)))]
    pub(crate) may: Vec<u16>,
    /// What the answer must have, by key. From a list, the first object that has it is used.
    #[serde(rename = "match")]
    pub(crate) wanted: Option<BTreeMap<String, Value>>,
    /// For how long the request is repeated until the answer has what `match` says; by default not
    /// at all.
    #[serde(serialize_with = "in_milliseconds")]
    pub(crate) wait: Option<Written<Duration>>,
    /// The sentence if the answer has not what `match` says.
    pub(crate) message: Option<Label>,
    /// The values to take from the answer, by name: JSON pointers (RFC 6901).
    #[serde(default)]
    #[schemars(extend("examples" = [{ "id": "/id" }]))]
    pub(crate) take: BTreeMap<String, String>,
}

fn in_milliseconds<S: Serializer>(
    wait: &Option<Written<Duration>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let milliseconds = wait.map(|Written(wait)| u64::try_from(wait.as_millis()));
    milliseconds
        .transpose()
        .ok()
        .flatten()
        .serialize(serializer)
}
