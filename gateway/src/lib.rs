//! The API gateway: the single entry point to a restaurant's services.
//!
//! A request passes these modules in this order: [`downstream`] reads its bytes, [`answer`] handles
//! it, [`routing`] finds its route, [`resilience`] admits it, and [`upstream`] sends it and relays
//! the answer. [`application`] puts them together from the [`config`]. Every upstream is remote:
//! nothing here knows a service's code.

mod aggregates;
mod answer;
mod application;
pub mod cli;
mod config;
mod downstream;
mod fault;
mod http;
mod metrics;
mod operator;
mod resilience;
mod routing;
pub mod settings;
mod upstream;

pub use application::Gateway;
#[cfg(feature = "bench")]
pub use application::harness::bench;
#[cfg(any(fuzzing, test))]
pub use application::harness::fuzzing;
pub use config::against::worse_in_an_outage;
pub use config::{Config, Source};
pub use operator::openapi::{Described, document as openapi_document};
pub use routing::route;
pub use settings::limits::Limits;
