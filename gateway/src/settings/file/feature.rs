//! The tables `[features.NAME]`.

use schemars::JsonSchema;
use serde::Deserialize;

use super::label::Label;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FeatureTable {
    /// The upstreams without which it is down.
    pub(crate) needs: Vec<String>,
    /// The upstreams without which it is degraded.
    #[serde(default)]
    pub(crate) uses: Vec<String>,
    /// The feature's name on the console: one text, or one for each language.
    #[serde(default)]
    pub(crate) label: Label,
    /// A request that changes nothing and shows whether the feature works.
    #[schemars(extend("pattern" = "^[A-Z]+ /", "examples" = ["GET /stock"]))]
    pub(crate) probe: String,
    /// Further routes of the feature, as methods and paths of the rows. A closure of the feature closes
    /// them and the probe's.
    #[serde(default)]
    #[schemars(inner(regex(pattern = "^[A-Z]+ /")), extend("examples" = [["GET /stock/{id}"]]))]
    pub(crate) routes: Vec<String>,
}
