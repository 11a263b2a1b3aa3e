//! The file and the environment as checked values, one module for each concern. They hold nothing
//! that runs.

pub(crate) mod admin_token;
pub(crate) mod file;
pub(crate) mod fingerprint;
pub(crate) mod limits;
pub(crate) mod names;
pub(crate) mod place;
mod resilience;
pub(crate) mod spelling;
pub(crate) mod stamp;
pub(crate) mod tls;
mod upstream;

pub(crate) use file::{
    AggregateTable, CacheTable, CallTable, ClosureTable, ConsoleTable, EndTable, EventsTable,
    FeatureTable, File, JsonType, Label, METHODS, OtherwiseTable, PartTable, Policy, RouteRow,
    size,
};
pub use tls::TlsFiles;
pub(crate) use upstream::Description;
pub use upstream::{Endpoint, UpstreamSettings, UpstreamUrl};
