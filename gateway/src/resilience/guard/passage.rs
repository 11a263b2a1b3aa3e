//! The circuits' decisions on a request: admitted, refused, and the changes by its outcome.

use super::breaker::Trial;
use crate::fault::Scope;

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

/// A circuit that has opened or closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Opened(Scope),
    Closed(Scope),
}
