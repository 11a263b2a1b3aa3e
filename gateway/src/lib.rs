//! The API gateway: the single door to a restaurant's services.
//!
//! A request's life, and the modules in that order: [`downstream`] takes its bytes, [`entrance`] accepts it, [`route`]
//! finds its row, [`rate`] counts it, [`proxy`] prepares it, sends it and relays the answer, and [`record`] leaves its
//! line in the log. What can go wrong on the way is a [`fault`]. Every upstream is remote: nothing here knows a
//! service's code.

mod application;
#[cfg(feature = "bench")]
pub mod bench;
mod chunks;
pub mod cli;
mod client_address;
pub mod config;
mod console;
mod cors;
mod degraded;
mod dispatch;
mod downstream;
mod drills;
mod entrance;
mod fault;
mod features;
#[cfg(any(fuzzing, test))]
pub mod fuzzing;
mod give_back;
mod grammar;
mod guard;
mod held;
mod keep;
mod limits;
mod link;
mod memory;
mod metrics;
mod min_rate;
mod openapi;
mod operator;
mod pages;
mod patience;
mod pieces;
mod probe;
mod problem;
mod proxy;
mod rate;
mod record;
mod refusal;
mod reply;
pub mod route;
mod server_sent;
mod state;
mod trace;
mod tracking;
mod transport;
mod warm;
mod way;

pub use application::Gateway;
pub use config::Config;
pub use limits::Limits;
