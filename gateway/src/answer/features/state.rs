//! Decides a feature's state by the state of its upstreams.

use std::time::Duration;

use shared_types::gateway::{Availability, FeatureStatus};

use crate::fault::whole_seconds;
use crate::upstream::Standing;

impl Standing {
    fn is_missing(self) -> bool {
        match self {
            Self::Up | Self::Unknown => false,
            Self::Failing | Self::Down(_) | Self::Closed(_) => true,
        }
    }
}

/// What there is right now in place of a feature's own answer.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Substitute {
    /// A stored answer of this age.
    Stored(Duration),
    /// The promise to deliver the request later.
    Promise,
}

/// The upstreams of a feature by their names, and for how long the feature itself is closed.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Standings<'s> {
    pub(crate) needs: &'s [(&'s str, Standing)],
    pub(crate) uses: &'s [(&'s str, Standing)],
    pub(crate) closed: Option<Duration>,
}

/// The state of a feature.
pub(crate) fn state(standings: Standings<'_>, substitute: Option<Substitute>) -> FeatureStatus {
    let Standings {
        needs,
        uses,
        closed,
    } = standings;
    let all = needs.iter().chain(uses);
    let missing = all.filter(|(_, standing)| standing.is_missing());
    let missing = missing.map(|(name, _)| (*name).to_owned()).collect();
    let status = availability(standings, substitute);
    let is_needed_missing = needs.iter().any(|(_, standing)| standing.is_missing());
    let needs_stand_in = closed.is_some() || is_needed_missing;
    FeatureStatus {
        status,
        missing,
        stale_age_seconds: match substitute {
            Some(Substitute::Stored(age)) if needs_stand_in && status == Availability::Degraded => {
                Some(age.as_secs())
            }
            _ => None,
        },
        retry_after_seconds: wait(needs)
            .max(closed)
            .filter(|_| matches!(status, Availability::Down | Availability::Closed))
            .map(whole_seconds),
        waiting: None,
        closure: None,
        until: None,
        reason: None,
    }
}

/// A missing upstream counts before an unknown one, and an unknown one before one that failed once.
/// An outage counts before a closure: what is down as well may be so for longer.
fn availability(standings: Standings<'_>, substitute: Option<Substitute>) -> Availability {
    let Standings {
        needs,
        uses,
        closed,
    } = standings;
    let any = |of: &[(&str, Standing)], is: fn(Standing) -> bool| {
        of.iter().any(|(_, standing)| is(*standing))
    };
    let is_unknown = |standing: Standing| standing == Standing::Unknown;
    if closed.is_some() || wait(needs).is_some() {
        let is_down = |standing| matches!(standing, Standing::Down(_));
        return match substitute {
            Some(Substitute::Stored(_)) => Availability::Degraded,
            Some(Substitute::Promise) if closed.is_none() => Availability::Deferred,
            Some(Substitute::Promise) | None if any(needs, is_down) => Availability::Down,
            Some(Substitute::Promise) | None => Availability::Closed,
        };
    }
    if any(needs, is_unknown) {
        Availability::Unknown
    } else if any(needs, Standing::is_missing) || any(uses, Standing::is_missing) {
        Availability::Degraded
    } else if any(uses, is_unknown) {
        Availability::Unknown
    } else {
        Availability::Up
    }
}

/// The time until all missing upstreams are asked again: a feature needs all of them.
fn wait(needs: &[(&str, Standing)]) -> Option<Duration> {
    let waits = needs.iter().filter_map(|(_, standing)| match standing {
        Standing::Down(wait) | Standing::Closed(wait) => Some(*wait),
        Standing::Up | Standing::Unknown | Standing::Failing => None,
    });
    waits.max()
}

/// The state of the whole restaurant. It is down only if all features are down or closed, closed only
/// if all are closed, and unknown while nothing speaks against any of them.
pub(crate) fn overall(states: impl IntoIterator<Item = Availability> + Clone) -> Availability {
    let all = |is: fn(Availability) -> bool| states.clone().into_iter().all(is);
    if all(|state| state == Availability::Up) {
        Availability::Up
    } else if all(|state| state == Availability::Closed) {
        Availability::Closed
    } else if all(|state| matches!(state, Availability::Down | Availability::Closed)) {
        Availability::Down
    } else if all(|state| matches!(state, Availability::Up | Availability::Unknown)) {
        Availability::Unknown
    } else {
        Availability::Degraded
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use shared_types::gateway::Availability::{Closed, Deferred, Degraded, Down, Unknown, Up};

    use shared_types::gateway::FeatureStatus;

    use super::{Standing, Standings, Substitute, overall};

    const SHORT: Standing = Standing::Down(Duration::from_millis(300));
    const LONG: Standing = Standing::Down(AGE);
    const AGE: Duration = Duration::from_millis(2300);
    const STORED: Substitute = Substitute::Stored(AGE);

    fn state(
        needs: &[(&str, Standing)],
        uses: &[(&str, Standing)],
        substitute: Option<Substitute>,
    ) -> FeatureStatus {
        let standings = Standings {
            needs,
            uses,
            closed: None,
        };
        super::state(standings, substitute)
    }

    #[test]
    fn with_all_its_upstreams_a_feature_is_up() {
        let up = [("orders", Standing::Up)];
        let state = state(&up, &up, Some(STORED));
        assert_eq!(serde_json::to_string(&state).unwrap(), r#"{"status":"up"}"#);
    }

    #[test]
    fn without_a_needed_upstream_a_feature_is_down_until_the_last_may_be_back() {
        let state = state(&[("orders", SHORT), ("clients", LONG)], &[], None);
        assert_eq!(state.status, Down);
        assert_eq!(state.missing, ["orders", "clients"]);
        assert_eq!(state.retry_after_seconds, Some(3));
    }

    #[test]
    fn with_a_stored_answer_a_feature_is_degraded_and_says_its_age() {
        let state = state(&[("orders", SHORT)], &[], Some(STORED));
        assert_eq!(state.status, Degraded);
        assert_eq!(state.stale_age_seconds, Some(2));
        assert_eq!(state.retry_after_seconds, None);
    }

    #[test]
    fn with_a_promise_a_feature_is_deferred_only_while_an_upstream_that_it_needs_is_down() {
        let promise = Some(Substitute::Promise);
        let down = state(&[("orders", SHORT)], &[], promise);
        assert_eq!(down.status, Deferred);
        assert_eq!(
            (down.retry_after_seconds, down.stale_age_seconds),
            (None, None)
        );
        for (needs, uses, expected) in [
            (Standing::Up, SHORT, Degraded),
            (Standing::Failing, Standing::Up, Degraded),
            (Standing::Up, Standing::Up, Up),
        ] {
            let state = state(&[("orders", needs)], &[("kitchen", uses)], promise);
            assert_eq!(state.status, expected);
        }
    }

    #[test]
    fn planned_work_closes_a_feature_until_its_end_unless_something_stands_in() {
        let closed = [("orders", Standing::Closed(AGE))];
        let told = state(&closed, &[], None);
        assert_eq!((told.status, told.retry_after_seconds), (Closed, Some(3)));
        assert_eq!(told.missing, ["orders"]);
        assert_eq!(state(&closed, &[], Some(STORED)).status, Degraded);
        let promise = Some(Substitute::Promise);
        assert_eq!(state(&closed, &[], promise).status, Deferred);
        let used = state(&[], &closed, None);
        assert_eq!((used.status, used.retry_after_seconds), (Degraded, None));
        // An outage of another upstream is none of the plan.
        let both = [closed[0], ("clients", SHORT)];
        assert_eq!(state(&both, &[], None).status, Down);
    }

    #[test]
    fn a_feature_that_is_closed_itself_promises_nothing_and_misses_no_service() {
        let well = [("orders", Standing::Up)];
        let closed = |substitute| {
            let standings = Standings {
                needs: &well,
                uses: &[],
                closed: Some(AGE),
            };
            super::state(standings, substitute)
        };
        for substitute in [None, Some(Substitute::Promise)] {
            let told = closed(substitute);
            assert_eq!((told.status, told.retry_after_seconds), (Closed, Some(3)));
            assert!(told.missing.is_empty());
        }
        let stale = closed(Some(STORED));
        assert_eq!((stale.status, stale.stale_age_seconds), (Degraded, Some(2)));
    }

    #[test]
    fn without_an_optional_upstream_a_feature_is_degraded() {
        let state = state(&[], &[("kitchen", SHORT)], None);
        assert_eq!((state.status, state.missing.len()), (Degraded, 1));
    }

    #[test]
    fn a_failed_probe_degrades_a_feature_at_once_and_names_the_upstream() {
        let failing = [("orders", Standing::Failing)];
        for (needs, uses) in [(&failing[..], &[][..]), (&[], &failing)] {
            let state = state(needs, uses, None);
            assert_eq!(state.status, Degraded);
            assert_eq!(state.missing, ["orders"]);
            assert_eq!(state.retry_after_seconds, None);
        }
        // A failing request is answered from the cache.
        assert_eq!(
            state(&failing, &[], Some(STORED)).stale_age_seconds,
            Some(2)
        );
        assert_eq!(state(&[], &failing, Some(STORED)).stale_age_seconds, None);
    }

    #[test]
    fn a_feature_is_unknown_while_its_upstream_is() {
        let (unknown, up) = ([("orders", Standing::Unknown)], [("clients", Standing::Up)]);
        for (needs, uses) in [(&unknown, &up), (&up, &unknown)] {
            let state = state(needs, uses, Some(STORED));
            assert_eq!(
                serde_json::to_string(&state).unwrap(),
                r#"{"status":"unknown"}"#
            );
        }
    }

    #[test]
    fn a_missing_upstream_counts_before_an_unknown_one() {
        let unknown = ("orders", Standing::Unknown);
        let failing = ("kitchen", Standing::Failing);
        assert_eq!(
            state(&[unknown, ("clients", SHORT)], &[], None).status,
            Down
        );
        assert_eq!(state(&[unknown], &[failing], None).status, Unknown);
        assert_eq!(state(&[failing], &[unknown], None).status, Degraded);
    }

    #[test]
    fn the_restaurant_is_unknown_while_nothing_speaks_against_any_feature() {
        assert_eq!(overall([Unknown, Unknown]), Unknown);
        assert_eq!(overall([Up, Unknown]), Unknown);
        assert_eq!(overall([Down, Unknown]), Degraded);
        assert_eq!(overall([Degraded, Unknown]), Degraded);
    }

    #[test]
    fn the_restaurant_is_down_only_if_all_features_are() {
        assert_eq!(overall([Up, Up]), Up);
        assert_eq!(overall([Up, Down]), Degraded);
        assert_eq!(overall([Degraded, Degraded]), Degraded);
        assert_eq!(overall([Down, Down]), Down);
        assert_eq!(overall([Closed, Down]), Down);
        assert_eq!(overall([Closed, Closed]), Closed);
        assert_eq!(overall([Up, Closed]), Degraded);
        assert_eq!(overall([]), Up);
    }
}
