//! The tables about food: `[features]` and `[tracking]`.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use super::written::Written;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FeatureTable {
    /// The upstreams without which it is down.
    pub(crate) needs: Vec<String>,
    /// The upstreams without which it is degraded.
    #[serde(default)]
    pub(crate) uses: Vec<String>,
    /// A request that changes nothing and shows whether the feature works.
    #[schemars(extend("pattern" = "^[A-Z]+ /", "examples" = ["GET /stock"]))]
    pub(crate) probe: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TrackingTable {
    /// The time for all parts, which are asked for at once.
    #[serde(default = "default_timeout")]
    pub(crate) timeout: Written<Duration>,
    /// How many orders may be watched at once; beyond it 503.
    #[serde(default = "default_watched_orders")]
    #[schemars(range(min = 1))]
    pub(crate) watched_orders: usize,
    /// How many orders one address may watch; beyond it 429. By default a tenth of
    /// `watched_orders`.
    #[schemars(range(min = 1))]
    pub(crate) streams_per_client: Option<usize>,
    /// The source of the order.
    pub(crate) order: PartTable,
    /// The source of its ticket.
    pub(crate) kitchen: PartTable,
    /// The source of its delivery.
    pub(crate) delivery: PartTable,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PartTable {
    /// The name of the upstream.
    pub(crate) upstream: String,
    /// The path at the upstream, with `{id}` for the order's id.
    #[schemars(extend("pattern" = "^/"))]
    pub(crate) path: String,
    /// The key of the order's id, if the answer is a list.
    pub(crate) find: Option<String>,
}

/// Enough for one slow answer; an order's page refreshes every few seconds.
fn default_timeout() -> Written<Duration> {
    Written(Duration::from_secs(2))
}

/// 1,000 watches make 500 requests a second to each service; even at 1 s each, that is half the
/// default concurrency.
fn default_watched_orders() -> usize {
    1000
}
