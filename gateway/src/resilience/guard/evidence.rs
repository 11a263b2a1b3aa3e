//! What the outcome of one request weighs against: nobody, its route, or the whole upstream.
//!
//! Whoever can make one route fail must not be able to shut the upstream for everybody else. So an answer proves that the
//! upstream is there, and what one route fails at weighs against the upstream only where nothing speaks for it:
//!
//! | Outcome | The probe fails | The probe is well | There is no probe |
//! |---|---|---|---|
//! | no connection | upstream | upstream | upstream |
//! | silence, a broken or unsound exchange, 502, 504 | upstream | route, unless others fail too | upstream |
//! | 503 | upstream | route, unless others fail too | route, unless others fail too |
//! | 503 with `Retry-After` | route | route | route |
//! | any other answer | nobody | nobody | nobody |
//!
//! *Others fail too*: of the upstream's routes with another path, the latest request of one failed, and of none it succeeded,
//! within the breaker's window. The probe itself always weighs against the upstream. Without one, an upstream that is silent
//! on one route is taken for silent on all: only a probe can tell that from a death.

use std::time::Duration;

use super::breaker::Condition;

/// What came of a request, as far as it says something about the upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Evidence {
    /// An answer that is none of those below.
    Answered,
    /// A 503 with `Retry-After`: the upstream refuses on purpose.
    Refused { retry_after: Duration },
    /// A 503 without.
    Unavailable,
    /// No answer in time, one that broke off or is not HTTP, or one of something else in the upstream's place: 502, 504.
    Broken,
    /// No connection.
    Unreachable,
}

/// What the gateway's own probe has seen last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Probe {
    /// Nothing yet, or there is no probe.
    Unknown,
    Well,
    Failing,
}

/// What an outcome weighs against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Against {
    Nobody,
    Route,
    Upstream,
}

impl Evidence {
    /// `others` is asked only where it matters.
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

    /// Whether the upstream itself gave an answer: then it is there.
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

    /// The table of the module, row by row: while the probe fails, is well, or has told nothing.
    #[test]
    fn every_outcome_weighs_against_what_the_table_says() {
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
    fn nobody_else_is_looked_at_where_it_does_not_matter() {
        let unasked = || -> Condition { panic!("looked at") };
        for evidence in [Evidence::Answered, Evidence::Unreachable, REFUSED] {
            let _ = evidence.against(Probe::Well, unasked);
        }
    }
}
