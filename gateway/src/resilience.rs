//! Decides in an outage: circuits, permits, budgets, rate limits, announced closures and failure drills. It is
//! given the time and does no I/O, but for the store that several gateways share.

pub(crate) mod balance;
mod by_client;
pub(crate) mod client;
pub(crate) mod closures;
pub(crate) mod drills;
pub(crate) mod guard;
pub(crate) mod guesses;
pub(crate) mod held;
pub(crate) mod memory;
pub(crate) mod min_rate;
pub(crate) mod priority;
pub(crate) mod rate;
pub(crate) mod shared_store;
