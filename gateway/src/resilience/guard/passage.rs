//! What the circuits say of a request: that it may pass, that it may not, and what has changed by its outcome.

use std::time::Duration;

use super::breaker::Trial;

/// A request that was let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Passage {
    pub(super) route: usize,
    /// Where it is to show whether the upstream is back.
    pub(super) upstream_trial: Option<Trial>,
    /// Where it is to show whether the route is.
    pub(super) route_trial: Option<Trial>,
}

/// The gateway's own question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Check {
    pub(super) trial: Option<Trial>,
}

/// Whose circuit is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    Upstream,
    Route,
}

/// A request that was not let through.
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
