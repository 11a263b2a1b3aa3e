//! Which route a request takes, where it leads, and which client sent it.

pub(crate) mod client_address;
pub(crate) mod cors;
pub mod route;
