//! The name of a route that leads to an upstream. Each has a circuit of its own.

use std::sync::Arc;

use actix_web::http::Method;

/// A row of the route table, or a part of a tracked order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RouteName {
    pub(crate) method: Method,
    pub(crate) path: Arc<str>,
}
