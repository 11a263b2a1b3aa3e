//! The names of the routes to each upstream: each route has its own circuit.

use std::sync::Arc;

use actix_web::http::Method;

/// A row of the route table, or a part of a tracked order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RouteName {
    pub(crate) method: Method,
    pub(crate) path: Arc<str>,
}

/// The routes of each upstream, by its index.
#[derive(Clone, Debug, Default)]
pub(crate) struct RouteNames(Vec<Vec<RouteName>>);

impl RouteNames {
    /// Returns the route's index among those of its upstream, which finds its circuit.
    pub(crate) fn add(&mut self, upstream: usize, method: Method, path: Arc<str>) -> usize {
        if self.0.len() <= upstream {
            self.0.resize_with(upstream + 1, Vec::new);
        }
        let Some(names) = self.0.get_mut(upstream) else {
            return 0;
        };
        names.push(RouteName { method, path });
        names.len() - 1
    }

    pub(crate) fn of(&self, upstream: usize) -> &[RouteName] {
        self.0.get(upstream).map_or(&[], Vec::as_slice)
    }
}
