//! Decides what a request's outcome counts against: nothing, its route, or the whole upstream.
//!
//! A client that can make one route fail must not be able to shut the upstream for everybody. So an
//! answer proves that the upstream is available, and one route's failures count against the
//! upstream only if nothing speaks for it:
//!
//! | Outcome | The probe fails | The probe is well | There is no probe |
//! |---|---|---|---|
//! | no connection | upstream | upstream | upstream |
//! | silence, a broken or unsound exchange, 502, 504 | upstream | route, unless others fail too | upstream |
//! | 503 | upstream | route, unless others fail too | route, unless others fail too |
//! | 503 with `Retry-After` | route | route | route |
//! | any other answer | nobody | nobody | nobody |
//!
//! *Others fail too*: within the breaker's window, the latest request of at least one route with
//! another path failed, and of none it succeeded. The probe itself always counts against the
//! upstream. Without a probe, an upstream that is silent on one route counts as silent on all: only
//! a probe can tell that from a dead one.

use std::time::Duration;

use shared_types::gateway::FailureKind;

use super::breaker::Condition;

/// The outcome of a request, as far as it says something about the upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Evidence {
    /// Any other answer than those below.
    Answered,
    /// A 503 with `Retry-After`: the upstream refuses on purpose.
    Refused { retry_after: Duration },
    /// A 503 without `Retry-After`.
    Unavailable,
    /// No answer in time, an answer that broke off or is not HTTP, or a 502 or 504 from something
    /// in the upstream's place.
    Broken,
    /// No connection.
    Unreachable,
}

/// The result of the gateway's latest probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Probe {
    /// None yet, or there is no probe.
    Unknown,
    Well,
    Failing,
}

/// The party that an outcome counts against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Against {
    Nobody,
    Route,
    Upstream,
}

impl Evidence {
    /// `others` is called only if it matters.
    pub(super) fn against(self, probe: Probe, others: impl FnOnce() -> Condition) -> Against {
        match self {
            Self::Answered => Against::Nobody,
            Self::Refused { .. } => Against::Route,
            Self::Unreachable => Against::Upstream,
            Self::Broken if probe != Probe::Well => Against::Upstream,
            Self::Unavailable if probe == Probe::Failing => Against::Upstream,
            Self::Broken | Self::Unavailable => match others() {
                Condition::Failing => Against::Upstream,
                Condition::Well | Condition::Unheard => Against::Route,
            },
        }
    }

    /// The failure, for the operator.
    pub(super) fn failure(self) -> Option<FailureKind> {
        match self {
            Self::Answered => None,
            Self::Refused { .. } | Self::Unavailable => Some(FailureKind::Unavailable),
            Self::Broken => Some(FailureKind::Broken),
            Self::Unreachable => Some(FailureKind::Unreachable),
        }
    }

    /// Whether the upstream itself gave an answer, and is therefore available.
    pub(super) fn is_answer(self) -> bool {
        matches!(
            self,
            Self::Answered | Self::Refused { .. } | Self::Unavailable
        )
    }

    pub(super) fn retry_after(self) -> Option<Duration> {
        match self {
            Self::Refused { retry_after } => Some(retry_after),
            Self::Answered | Self::Unavailable | Self::Broken | Self::Unreachable => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Against::{Nobody, Route, Upstream};
    use super::Condition::{self, Failing, Unheard, Well};
    use super::{Evidence, Probe};

    const REFUSED: Evidence = Evidence::Refused {
        retry_after: Duration::from_secs(1),
    };

    /// The module's table, row by row: while the probe fails, is well, or has no result.
    #[test]
    fn every_outcome_counts_as_the_table_says() {
        for others in [Well, Failing, Unheard] {
            let unless_others_fail = match others {
                Failing => Upstream,
                Well | Unheard => Route,
            };
            for (evidence, expected) in [
                (Evidence::Unreachable, [Upstream, Upstream, Upstream]),
                (Evidence::Broken, [Upstream, unless_others_fail, Upstream]),
                (
                    Evidence::Unavailable,
                    [Upstream, unless_others_fail, unless_others_fail],
                ),
                (REFUSED, [Route, Route, Route]),
                (Evidence::Answered, [Nobody, Nobody, Nobody]),
            ] {
                let probes = [Probe::Failing, Probe::Well, Probe::Unknown];
                let seen = probes.map(|probe| evidence.against(probe, || others));
                assert_eq!(seen, expected, "{evidence:?} {others:?}");
            }
        }
    }

    #[test]
    fn other_routes_are_looked_at_only_if_they_matter() {
        let unasked = || -> Condition { panic!("looked at") };
        for evidence in [Evidence::Answered, Evidence::Unreachable, REFUSED] {
            let _ = evidence.against(Probe::Well, unasked);
        }
    }
}
