//! The shape of `gateway.toml`, and the defaults. An unknown key is refused: a misspelt limit must
//! not mean no limit.

mod label;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use service_kit::env::ConfigError;

use crate::resilience::rate::Rate;
use crate::settings::limits::LimitsTable;
use crate::settings::units::{duration, rate};

pub(crate) use label::Label;

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct File {
    pub(crate) limits: LimitsTable,
    pub(crate) upstreams: BTreeMap<String, UpstreamTable>,
    /// The routes of each upstream, by its name.
    pub(crate) routes: BTreeMap<String, Vec<RouteRow>>,
    /// The restaurant's features, by name.
    pub(crate) features: BTreeMap<String, FeatureTable>,
    pub(crate) tracking: Option<TrackingTable>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct UpstreamTable {
    pub(crate) url: String,
    #[serde(default)]
    pub(crate) label: Label,
    #[serde(deserialize_with = "duration", default = "default_connect_timeout")]
    pub(crate) connect_timeout: Duration,
    #[serde(deserialize_with = "duration", default = "default_timeout")]
    pub(crate) timeout: Duration,
    /// The outage policy of its routes, unless a row says otherwise.
    pub(crate) outage: Option<Policy>,
    /// The path that tells whether the upstream is well.
    pub(crate) probe: Option<String>,
    #[serde(default)]
    pub(crate) breaker: BreakerTable,
    #[serde(default)]
    pub(crate) concurrency: ConcurrencyTable,
    #[serde(default = "default_retries")]
    pub(crate) retries: u8,
    #[serde(deserialize_with = "duration", default = "default_idle_timeout")]
    pub(crate) idle_timeout: Duration,
    /// Whether its routes honour an `Idempotency-Key`, unless a row says otherwise.
    #[serde(default)]
    pub(crate) idempotent: bool,
}

#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct BreakerTable {
    pub(crate) failures: u32,
    pub(crate) percent: u8,
    pub(crate) minimum: u32,
    #[serde(deserialize_with = "duration")]
    pub(crate) window: Duration,
    #[serde(deserialize_with = "duration")]
    pub(crate) open: Duration,
}

/// A few failures are enough, so that an outage shows in a demonstration and ends soon after.
impl Default for BreakerTable {
    fn default() -> Self {
        Self {
            failures: 5,
            percent: 50,
            minimum: 10,
            window: Duration::from_secs(10),
            open: Duration::from_secs(1),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ConcurrencyTable {
    pub(crate) requests: usize,
    pub(crate) queue: usize,
    #[serde(deserialize_with = "duration")]
    pub(crate) wait: Duration,
    /// A tenth of `requests` by default.
    pub(crate) per_client: Option<usize>,
}

impl Default for ConcurrencyTable {
    fn default() -> Self {
        Self {
            requests: 1000,
            queue: 200,
            wait: Duration::from_millis(250),
            per_client: None,
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FeatureTable {
    /// The upstreams without which it is down.
    pub(crate) needs: Vec<String>,
    /// The upstreams without which it is degraded.
    #[serde(default)]
    pub(crate) uses: Vec<String>,
    /// A request that changes nothing and shows whether the feature works: `GET /path`.
    pub(crate) probe: String,
}

/// The sources of a tracked order.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TrackingTable {
    #[serde(deserialize_with = "duration")]
    pub(crate) timeout: Duration,
    #[serde(default = "default_watched_orders")]
    pub(crate) watched_orders: usize,
    /// A tenth of `watched_orders` by default.
    pub(crate) streams_per_client: Option<usize>,
    pub(crate) order: PartTable,
    pub(crate) kitchen: PartTable,
    pub(crate) delivery: PartTable,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PartTable {
    pub(crate) upstream: String,
    /// The path at the upstream, with `{id}` for the order's id.
    pub(crate) path: String,
    /// The key of the order's id, if the answer is a list.
    pub(crate) find: Option<String>,
}

/// The answer that the gateway gives in an upstream's place.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Policy {
    Error,
    Stale,
    Fallback,
}

impl Policy {
    /// The name in the file.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Stale => "stale",
            Self::Fallback => "fallback",
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RouteRow {
    pub(crate) path: String,
    #[serde(default = "every_method")]
    pub(crate) methods: Vec<String>,
    /// The path at the upstream; `path` by default.
    pub(crate) to: Option<String>,
    /// Each client's quota for this row, in addition to the general one.
    #[serde(default, deserialize_with = "rate")]
    pub(crate) rate_limit: Option<Rate>,
    /// A size that replaces `limits.request_body`. This and the next key are parsed with the route,
    /// so that an error names the route's path.
    pub(crate) request_body: Option<String>,
    /// A duration that replaces the upstream's `timeout`.
    pub(crate) timeout: Option<String>,
    /// Whether the upstream honours an `Idempotency-Key` on this row; the upstream's `idempotent` by
    /// default.
    pub(crate) idempotent: Option<bool>,
    /// The outage policy; the upstream's by default. A row without any is refused.
    pub(crate) outage: Option<Policy>,
    /// Durations of a row with outage = "stale".
    pub(crate) fresh: Option<String>,
    pub(crate) stale_if_error: Option<String>,
    pub(crate) stale_after: Option<String>,
    /// Whether the answer is the same for everyone, logged in or not.
    pub(crate) shared: Option<bool>,
    /// The request fields that the answer depends on.
    pub(crate) vary: Option<Vec<String>>,
    /// The query parameters that the answer depends on.
    pub(crate) query: Option<Vec<String>>,
    /// Whether the gateway asks for the answer by itself.
    pub(crate) warm: Option<bool>,
    /// The file that a row with a fallback serves.
    pub(crate) fallback: Option<PathBuf>,
    /// The paths of rows whose stored answers are out of date once this one has succeeded.
    #[serde(default)]
    pub(crate) invalidates: Vec<String>,
}

impl RouteRow {
    /// Why the row cannot be used.
    pub(crate) fn refused(&self, reason: String) -> ConfigError {
        ConfigError::new(format!("route {}", self.path), reason)
    }
}

impl File {
    pub(crate) fn parse(name: &str, text: &str) -> Result<Self, ConfigError> {
        let file: Self = toml::from_str(text)
            .map_err(|error| ConfigError::new(name, error.to_string().trim_end()))?;
        Ok(file.with_inherited_policies())
    }

    /// Gives each row without an outage policy that of its upstream.
    fn with_inherited_policies(mut self) -> Self {
        for (name, rows) in &mut self.routes {
            let inherited = self.upstreams.get(name).and_then(|table| table.outage);
            for row in rows {
                row.outage = row.outage.or(inherited);
            }
        }
        self
    }
}

fn default_connect_timeout() -> Duration {
    Duration::from_secs(1)
}

fn default_timeout() -> Duration {
    Duration::from_secs(5)
}

/// HEAD needs no route of its own: it uses GET's.
fn every_method() -> Vec<String> {
    ["GET", "POST", "PUT", "PATCH", "DELETE"]
        .map(str::to_owned)
        .to_vec()
}

/// 1,000 watches make 500 requests a second to each service; even at 1 s each, that is half the
/// default concurrency.
fn default_watched_orders() -> usize {
    1000
}

/// Once: if a second try fails, a third seldom helps.
fn default_retries() -> u8 {
    1
}

/// Below the 5 s after which most servers close an idle connection. So the gateway closes first,
/// and no request meets a closing connection.
fn default_idle_timeout() -> Duration {
    Duration::from_secs(4)
}
