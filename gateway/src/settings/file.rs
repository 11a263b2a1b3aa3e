//! The shape of `gateway.toml`, and the defaults. An unknown key is refused: a misspelt limit must
//! not mean no limit. The documentation of a key is its description in the JSON Schema too.

mod aggregate;
mod cache;
mod closure;
mod concurrency;
mod console;
mod feature;
mod label;
mod limits;
mod moment;
mod route;
mod schema;
mod upstream;
mod written;

use std::collections::BTreeMap;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;
use service_kit::env::ConfigError;

use super::place;

pub(crate) use aggregate::{
    AggregateTable, EndTable, EventsTable, JsonType, OtherwiseTable, PartTable,
};
pub(crate) use cache::CacheTable;
pub(crate) use closure::ClosureTable;
pub(crate) use concurrency::{Concurrency, ConcurrencyTable};
pub(crate) use console::{CallTable, ConsoleTable};
pub(crate) use feature::FeatureTable;
pub(crate) use label::Label;
pub(crate) use limits::LimitsTable;
pub(crate) use route::{METHODS, Policy, RouteRow};
pub(crate) use schema::schema;
pub(crate) use upstream::UpstreamTable;
pub(crate) use written::size;

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct File {
    /// The limits on clients, and on upstreams' answers.
    pub(crate) limits: LimitsTable,
    /// Where the last good answers are kept, apart from memory.
    pub(crate) cache: CacheTable,
    /// The services behind the gateway, by name. The variable NAME_URL replaces an upstream's url.
    pub(crate) upstreams: IndexMap<String, UpstreamTable>,
    /// The routes to each upstream, by its name.
    pub(crate) routes: BTreeMap<String, Vec<RouteRow>>,
    /// The features that /status reports, by name.
    pub(crate) features: IndexMap<String, FeatureTable>,
    /// Announced closures, at most 100: planned work on an upstream, or a feature that takes no
    /// requests for a while.
    pub(crate) closures: Vec<ClosureTable>,
    /// Answers that the gateway makes of several upstreams' answers, by name.
    pub(crate) aggregates: BTreeMap<String, AggregateTable>,
    /// The journey that the operator's console plays. Without this table, it has none.
    pub(crate) console: Option<ConsoleTable>,
}

impl File {
    pub(crate) fn parse(name: &str, text: &str) -> Result<Self, ConfigError> {
        let file: Self = toml::from_str(text).map_err(|error| place::unread(&error, name, text))?;
        Ok(file.with_rows_completed())
    }

    /// Gives each row its place, and its upstream's `outage` and `compress` if it has none.
    fn with_rows_completed(mut self) -> Self {
        for (name, rows) in &mut self.routes {
            let upstream = self.upstreams.get(name);
            for (index, row) in rows.iter_mut().enumerate() {
                row.place = format!("routes.{name}[{index}]");
                row.outage = row.outage.or(upstream.and_then(|table| table.outage));
                row.compress = row.compress.or(upstream.map(|table| table.compress));
            }
        }
        self
    }
}
