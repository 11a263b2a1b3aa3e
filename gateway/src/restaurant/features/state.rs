//! What state a feature is in, by how its upstreams are.

use std::time::Duration;

use shared_types::gateway::{Availability, FeatureStatus};

use crate::fault::whole_seconds;

/// How an upstream is for a feature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    Up,
    /// Nothing was heard of it yet.
    Unknown,
    /// The latest probe failed. Requests are still sent to it.
    Failing,
    /// It is asked again after this time.
    Down(Duration),
}

impl Standing {
    pub(crate) fn availability(self) -> Availability {
        match self {
            Self::Up => Availability::Up,
            Self::Unknown => Availability::Unknown,
            Self::Failing => Availability::Degraded,
            Self::Down(_) => Availability::Down,
        }
    }

    fn is_missing(self) -> bool {
        match self {
            Self::Up | Self::Unknown => false,
            Self::Failing | Self::Down(_) => true,
        }
    }
}

/// `needs` and `uses` name the upstreams. `stand_in` is the age of the answer that stands in, where there is one.
pub(crate) fn state(
    needs: &[(&str, Standing)],
    uses: &[(&str, Standing)],
    stand_in: Option<Duration>,
) -> FeatureStatus {
    let all = needs.iter().chain(uses);
    let missing = all.filter(|(_, standing)| standing.is_missing());
    let missing = missing.map(|(name, _)| (*name).to_owned()).collect();
    let status = availability(needs, uses, stand_in.is_some());
    let needs_stand_in = needs.iter().any(|(_, standing)| standing.is_missing());
    FeatureStatus {
        status,
        missing,
        stale_age_seconds: stand_in
            .filter(|_| needs_stand_in && status == Availability::Degraded)
            .map(|age| age.as_secs()),
        retry_after_seconds: wait(needs)
            .filter(|_| status == Availability::Down)
            .map(whole_seconds),
    }
}

/// What is surely missing counts before what is not known, and that before what has failed once.
fn availability(
    needs: &[(&str, Standing)],
    uses: &[(&str, Standing)],
    has_stand_in: bool,
) -> Availability {
    let any = |of: &[(&str, Standing)], is: fn(Standing) -> bool| {
        of.iter().any(|(_, standing)| is(*standing))
    };
    let is_unknown = |standing: Standing| standing == Standing::Unknown;
    if wait(needs).is_some() {
        return if has_stand_in {
            Availability::Degraded
        } else {
            Availability::Down
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

/// How long until all that is down is asked again: all that a feature needs must be back.
fn wait(needs: &[(&str, Standing)]) -> Option<Duration> {
    let waits = needs.iter().filter_map(|(_, standing)| match standing {
        Standing::Down(wait) => Some(*wait),
        Standing::Up | Standing::Unknown | Standing::Failing => None,
    });
    waits.max()
}

/// Down is the restaurant only when it offers nothing, and unknown while nothing speaks against any of it.
pub(crate) fn overall(states: impl IntoIterator<Item = Availability> + Clone) -> Availability {
    let all = |is: fn(Availability) -> bool| states.clone().into_iter().all(is);
    if all(|state| state == Availability::Up) {
        Availability::Up
    } else if all(|state| state == Availability::Down) {
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

    use shared_types::gateway::Availability::{Degraded, Down, Unknown, Up};

    use super::{Standing, overall, state};

    const SHORT: Standing = Standing::Down(Duration::from_millis(300));
    const LONG: Standing = Standing::Down(AGE);
    const AGE: Duration = Duration::from_millis(2300);

    #[test]
    fn with_all_it_wants_it_is_up() {
        let up = [("orders", Standing::Up)];
        let state = state(&up, &up, Some(AGE));
        assert_eq!(serde_json::to_string(&state).unwrap(), r#"{"status":"up"}"#);
    }

    #[test]
    fn without_what_it_needs_it_is_down_until_the_last_of_it_may_be_back() {
        let state = state(&[("orders", SHORT), ("clients", LONG)], &[], None);
        assert_eq!(state.status, Down);
        assert_eq!(state.missing, ["orders", "clients"]);
        assert_eq!(state.retry_after_seconds, Some(3));
    }

    #[test]
    fn with_an_answer_that_stands_in_it_is_degraded_and_says_how_old() {
        let state = state(&[("orders", SHORT)], &[], Some(AGE));
        assert_eq!(state.status, Degraded);
        assert_eq!(state.stale_age_seconds, Some(2));
        assert_eq!(state.retry_after_seconds, None);
    }

    #[test]
    fn without_what_it_can_do_without_it_is_degraded() {
        let state = state(&[], &[("kitchen", SHORT)], None);
        assert_eq!((state.status, state.missing.len()), (Degraded, 1));
    }

    #[test]
    fn a_failed_probe_degrades_it_at_once_and_names_what_failed() {
        let failing = [("orders", Standing::Failing)];
        for (needs, uses) in [(&failing[..], &[][..]), (&[], &failing)] {
            let state = state(needs, uses, None);
            assert_eq!(state.status, Degraded);
            assert_eq!(state.missing, ["orders"]);
            assert_eq!(state.retry_after_seconds, None);
        }
        // A request that fails is answered by what is kept.
        assert_eq!(state(&failing, &[], Some(AGE)).stale_age_seconds, Some(2));
        assert_eq!(state(&[], &failing, Some(AGE)).stale_age_seconds, None);
    }

    #[test]
    fn of_what_nothing_is_known_it_is_not_said_that_it_works() {
        let (unknown, up) = ([("orders", Standing::Unknown)], [("clients", Standing::Up)]);
        for (needs, uses) in [(&unknown, &up), (&up, &unknown)] {
            let state = state(needs, uses, Some(AGE));
            assert_eq!(
                serde_json::to_string(&state).unwrap(),
                r#"{"status":"unknown"}"#
            );
        }
    }

    #[test]
    fn what_is_surely_missing_counts_before_what_is_not_known() {
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
    fn the_whole_is_unknown_while_nothing_speaks_against_any_of_it() {
        assert_eq!(overall([Unknown, Unknown]), Unknown);
        assert_eq!(overall([Up, Unknown]), Unknown);
        assert_eq!(overall([Down, Unknown]), Degraded);
        assert_eq!(overall([Degraded, Unknown]), Degraded);
    }

    #[test]
    fn the_whole_is_down_only_when_all_of_it_is() {
        assert_eq!(overall([Up, Up]), Up);
        assert_eq!(overall([Up, Down]), Degraded);
        assert_eq!(overall([Degraded, Degraded]), Degraded);
        assert_eq!(overall([Down, Down]), Down);
        assert_eq!(overall([]), Up);
    }
}
