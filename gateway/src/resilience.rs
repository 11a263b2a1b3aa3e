//! Decides in an outage: circuits, permits, budgets, rate limits and failure drills. It is given
//! the time and does no I/O.

pub(crate) mod balance;
mod by_client;
pub(crate) mod client;
pub(crate) mod drills;
pub(crate) mod guard;
pub(crate) mod held;
pub(crate) mod memory;
pub(crate) mod min_rate;
pub(crate) mod rate;
