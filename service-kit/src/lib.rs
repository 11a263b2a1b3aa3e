//! The parts that all services share: environment, log, request ids, problem answers, health,
//! serving and draining, the database, and the outbox.
//!
//! A service supplies its configuration, its routes and its failures; [`program::run`] makes a
//! process of them.

#[cfg(feature = "access")]
pub mod access;
pub mod client_address;
#[cfg(feature = "database")]
pub mod database;
pub mod env;
pub mod failure;
pub mod health;
#[cfg(feature = "database")]
pub mod housekeeping;
#[cfg(feature = "database")]
pub mod idempotency;
pub mod input;
pub mod logger;
pub mod observe;
#[cfg(feature = "database")]
pub mod outbox;
pub mod peer;
pub mod program;
pub mod request_id;
pub mod serve;
#[cfg(feature = "testing")]
pub mod testing;
pub mod tls;
pub mod trace;
