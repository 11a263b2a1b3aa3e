//! The shape of `gateway.toml`. An unknown key is refused: a misspelt limit must not be no limit.

use std::collections::BTreeMap;
use std::time::Duration;

use bytesize::ByteSize;
use serde::{Deserialize, Deserializer, de};
use service_kit::env::ConfigError;

use crate::rate::Rate;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct File {
    pub(crate) limits: LimitsTable,
    pub(crate) upstreams: BTreeMap<String, UpstreamTable>,
    /// The routes of each upstream, by its name.
    pub(crate) routes: BTreeMap<String, Vec<RouteRow>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LimitsTable {
    pub(crate) uri: ByteSize,
    pub(crate) head: ByteSize,
    pub(crate) request_body: ByteSize,
    pub(crate) connections: u32,
    #[serde(deserialize_with = "duration")]
    pub(crate) head_timeout: Duration,
    #[serde(deserialize_with = "duration")]
    pub(crate) stall_timeout: Duration,
    #[serde(deserialize_with = "duration")]
    pub(crate) idle_timeout: Duration,
    #[serde(deserialize_with = "rate_or_off")]
    pub(crate) rate: Option<Rate>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct UpstreamTable {
    pub(crate) url: String,
    pub(crate) label: Label,
    #[serde(deserialize_with = "duration")]
    pub(crate) connect_timeout: Duration,
    #[serde(deserialize_with = "duration")]
    pub(crate) timeout: Duration,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Label {
    pub(crate) fr: String,
    pub(crate) en: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RouteRow {
    pub(crate) path: String,
    pub(crate) methods: Vec<String>,
    /// The path at the upstream.
    pub(crate) to: String,
    /// Each client's quota for this row alone, beside the one for all.
    #[serde(default, deserialize_with = "rate")]
    pub(crate) rate_limit: Option<Rate>,
}

impl File {
    pub(crate) fn parse(name: &str, text: &str) -> Result<Self, ConfigError> {
        toml::from_str(text).map_err(|error| ConfigError::new(name, error.to_string().trim_end()))
    }
}

fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    humantime::parse_duration(&text).map_err(de::Error::custom)
}

fn rate<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Rate>, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map(Some).map_err(de::Error::custom)
}

fn rate_or_off<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Rate>, D::Error> {
    let text = String::deserialize(deserializer)?;
    Rate::parse_or_off(&text).map_err(de::Error::custom)
}
