//! Finds a request's route, the route's target, and the client that sent the request.

pub(crate) mod client_address;
pub(crate) mod cors;
pub mod route;
