//! The circuits' decisions on a request: admitted, refused, and the changes by its outcome.

use std::time::Duration;

use super::breaker::Trial;

/// An admitted request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Passage {
    pub(super) route: usize,
    /// Set if it shows whether the upstream is available again.
    pub(super) upstream_trial: Option<Trial>,
    /// Set if it shows whether the route works again.
    pub(super) route_trial: Option<Trial>,
}

/// The gateway's own probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Check {
    pub(super) trial: Option<Trial>,
}

/// The circuit that is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    Upstream,
    Route,
}

/// A refused request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) scope: Scope,
    pub(crate) retry_after: Duration,
}

/// A circuit that has opened or closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Opened(Scope),
    Closed(Scope),
}
