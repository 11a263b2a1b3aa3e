//! The tables `[features.NAME]`.

use schemars::JsonSchema;
use serde::Deserialize;

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
