//! The table `[cache]`.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct CacheTable {
    /// A file that also keeps the last good answers, for a gateway that starts during an outage.
    /// Its folder must be writable.
    #[schemars(with = "Option<String>")]
    pub(crate) file: Option<PathBuf>,
}
