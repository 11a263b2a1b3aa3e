//! The rows of `[routes]`.

use std::path::PathBuf;
use std::time::Duration;

use bytesize::ByteSize;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use service_kit::env::ConfigError;

use super::written::Written;
use crate::resilience::priority::Priority;
use crate::resilience::rate::Rate;

/// The methods that a route may have. The gateway itself handles OPTIONS, CONNECT and TRACE.
pub(crate) const METHODS: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

/// The answer when an upstream gives none: a problem, the last good answer, a file, or the promise
/// to deliver the request later.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Policy {
    Error,
    Stale,
    Fallback,
    Defer,
}

impl Policy {
    /// The name in the file.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Stale => "stale",
            Self::Fallback => "fallback",
            Self::Defer => "defer",
        }
    }
}

/// A protocol other than HTTP.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Protocol {
    WebSocket,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    expecting = "a table such as { path = \"/stock\" }"
)]
pub(crate) struct RouteRow {
    /// The key of the row in the file: `routes.stock[0]`.
    #[serde(skip)]
    pub(crate) place: String,
    /// `{id}` matches one segment, and `{*rest}` at the end one or more.
    #[schemars(extend("pattern" = "^/", "examples" = ["/stock/{id}", "/stock/{*rest}"]))]
    pub(crate) path: String,
    /// By default every method that the gateway relays. HEAD needs no mention: it uses GET's route.
    #[serde(default = "every_method")]
    #[schemars(schema_with = "methods")]
    pub(crate) methods: Vec<String>,
    /// The path at the upstream; by default the row's path.
    #[schemars(extend("pattern" = "^/", "examples" = ["/items/{id}", "/{*rest}"]))]
    pub(crate) to: Option<String>,
    /// Each client's quota for this row, in addition to the general one.
    pub(crate) rate_limit: Option<Written<Rate>>,
    /// Replaces `limits.request_body`.
    pub(crate) request_body: Option<Written<ByteSize>>,
    /// Replaces the upstream's `timeout`.
    pub(crate) timeout: Option<Written<Duration>>,
    /// Who is served when not all can be: sheddable requests feel a limit first, critical ones last.
    #[serde(default)]
    pub(crate) priority: Priority,
    /// Whether the upstream honours an Idempotency-Key on this row; by default the upstream's
    /// `idempotent`.
    pub(crate) idempotent: Option<bool>,
    /// Whether answers are compressed for clients that accept it; by default the upstream's
    /// `compress`.
    pub(crate) compress: Option<bool>,
    /// The protocols that a client may switch to; by default none. Needs GET and outage = "error".
    #[serde(default)]
    pub(crate) upgrade: Vec<Protocol>,
    /// With upgrade: how long neither side of a WebSocket may send anything; by default 5m.
    pub(crate) tunnel_timeout: Option<Written<Duration>>,
    /// By default the upstream's `outage`. One of the two is required.
    pub(crate) outage: Option<Policy>,
    /// With outage = "stale": how long an answer is served without asking; by default as long as
    /// the upstream says.
    pub(crate) fresh: Option<Written<Duration>>,
    /// With outage = "stale", and required there: how long after that it may replace a missing
    /// answer.
    pub(crate) stale_if_error: Option<Written<Duration>>,
    /// With outage = "stale": how long to wait for a better answer if there is a stale one; by
    /// default the timeout.
    pub(crate) stale_after: Option<Written<Duration>>,
    /// With outage = "stale": whether the answer is the same for everyone, logged in or not; by
    /// default it is not.
    pub(crate) shared: Option<bool>,
    /// With outage = "stale": the request fields that the answer depends on; by default none.
    pub(crate) vary: Option<Vec<String>>,
    /// With outage = "stale": the query parameters that the answer depends on; by default the whole
    /// query.
    pub(crate) query: Option<Vec<String>>,
    /// With outage = "stale": whether the gateway asks for the answer by itself; by default it does
    /// not.
    pub(crate) warm: Option<bool>,
    /// With outage = "fallback", and required there: a .json, .html or .txt file beside this one.
    #[schemars(with = "Option<String>")]
    pub(crate) fallback: Option<PathBuf>,
    /// With outage = "defer", and required there: the name of the upstream that keeps a request and
    /// delivers it later.
    pub(crate) defer: Option<String>,
    /// The paths of other rows whose stored answers are out of date once this one has succeeded.
    #[serde(default)]
    pub(crate) invalidates: Vec<String>,
}

impl RouteRow {
    /// The error for a row that cannot be used. `reason` begins with the key that is wrong.
    pub(crate) fn refused(&self, reason: String) -> ConfigError {
        let (key, reason) = reason.split_once(": ").unwrap_or(("path", &reason));
        ConfigError::new(format!("{}.{key}", self.place), reason)
    }
}

/// HEAD needs no route of its own: it uses GET's.
fn every_method() -> Vec<String> {
    let methods = METHODS.iter().filter(|method| **method != "HEAD");
    methods.map(|method| (*method).to_owned()).collect()
}

fn methods(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "items": { "enum": METHODS },
        "minItems": 1,
    })
}
