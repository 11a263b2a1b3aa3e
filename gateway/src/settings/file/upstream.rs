//! The tables `[upstreams.NAME]`.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use super::Policy;
use super::concurrency::Concurrency;
use super::label::Label;
use super::written::Written;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    expecting = "a table such as { url = \"http://…\" }"
)]
pub(crate) struct UpstreamTable {
    /// http(s)://host[:port][/path] or srv+http://name[/path], or a list of these for the replicas.
    /// The path is put before every target.
    pub(crate) url: Urls,
    /// The name in error messages; by default made of the upstream's name.
    #[serde(default)]
    pub(crate) label: Label,
    /// The limit for DNS, TCP and TLS together.
    #[serde(default = "default_connect_timeout")]
    pub(crate) connect_timeout: Written<Duration>,
    /// How long the upstream may be waited for in one exchange; beyond it 504.
    #[serde(default = "default_timeout")]
    pub(crate) timeout: Written<Duration>,
    /// The outage policy of its routes, unless a row says otherwise.
    pub(crate) outage: Option<Policy>,
    /// A path that the gateway asks every second, to know whether the upstream is well.
    #[schemars(extend("pattern" = "^/", "examples" = ["/ready"]))]
    pub(crate) probe: Option<String>,
    /// Where the upstream's OpenAPI document is: its own path, or a file beside this one.
    #[schemars(extend("examples" = ["/openapi.json", "stock.json"]))]
    pub(crate) openapi: Option<String>,
    /// When the upstream's circuit opens, and for how long.
    #[serde(default)]
    pub(crate) breaker: BreakerTable,
    /// How many requests may wait for the upstream at once.
    #[serde(default)]
    pub(crate) concurrency: Concurrency,
    /// How often a repeatable request is sent again.
    #[serde(default = "default_retries")]
    pub(crate) retries: u8,
    /// How long an idle connection to the upstream is kept.
    #[serde(default = "default_idle_timeout")]
    pub(crate) idle_timeout: Written<Duration>,
    /// Whether its routes honour an Idempotency-Key, unless a row says otherwise.
    #[serde(default)]
    pub(crate) idempotent: bool,
    /// Whether answers of its routes are compressed for clients that accept it, unless a row says
    /// otherwise. Off by default: see BREACH in CONFIGURATION.md.
    #[serde(default)]
    pub(crate) compress: bool,
}

/// One URL, or the URLs of the replicas.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "a URL, or a list of URLs")]
pub(crate) enum Urls {
    #[schemars(extend("pattern" = "^https?://", "examples" = ["http://127.0.0.1:7001"]))]
    One(String),
    Several(
        #[schemars(length(min = 1), inner(regex(pattern = "^https?://")))]
        Vec<String>,
    ),
}

impl Urls {
    /// With commas between them, as in a variable.
    pub(crate) fn joined(&self) -> String {
        match self {
            Self::One(url) => url.clone(),
            Self::Several(urls) => urls.join(","),
        }
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct BreakerTable {
    /// This many failures in a row open the circuit.
    #[schemars(range(min = 1))]
    pub(crate) failures: u32,
    /// This share of failures among the requests of a window opens it too.
    #[schemars(range(min = 1, max = 100))]
    pub(crate) percent: u8,
    /// `percent` applies from this many requests on.
    #[schemars(range(min = 1))]
    pub(crate) minimum: u32,
    /// The time over which `percent` is judged; at least 1s.
    pub(crate) window: Written<Duration>,
    /// How long an open circuit keeps requests from the upstream.
    pub(crate) open: Written<Duration>,
}

/// A few failures are enough, so that an outage shows in a demonstration and ends soon after.
impl Default for BreakerTable {
    fn default() -> Self {
        Self {
            failures: 5,
            percent: 50,
            minimum: 10,
            window: Written(Duration::from_secs(10)),
            open: Written(Duration::from_secs(1)),
        }
    }
}

fn default_connect_timeout() -> Written<Duration> {
    Written(Duration::from_secs(1))
}

fn default_timeout() -> Written<Duration> {
    Written(Duration::from_secs(5))
}

/// Once: if a second try fails, a third seldom helps.
fn default_retries() -> u8 {
    1
}

/// Below the 5 s after which most servers close an idle connection. So the gateway closes first,
/// and no request meets a closing connection.
fn default_idle_timeout() -> Written<Duration> {
    Written(Duration::from_secs(4))
}
