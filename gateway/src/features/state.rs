//! What state a feature is in, by which of its upstreams are down.

use std::time::Duration;

use shared_types::gateway::{Availability, FeatureStatus};

use crate::fault::whole_seconds;

/// `needs` and `uses` name those that are down, with the time after which each is asked again. `stand_in` is the age of
/// the answer that stands in, where there is one.
pub(crate) fn state(
    needs: &[(&str, Duration)],
    uses: &[(&str, Duration)],
    stand_in: Option<Duration>,
) -> FeatureStatus {
    let missing = needs.iter().chain(uses);
    let missing = missing.map(|(name, _)| (*name).to_owned()).collect();
    let (status, stale_age) = match (needs, uses, stand_in) {
        ([], [], _) => (Availability::Up, None),
        ([], _, _) => (Availability::Degraded, None),
        (_, _, Some(age)) => (Availability::Degraded, Some(age)),
        (_, _, None) => (Availability::Down, None),
    };
    // All that it needs must be back.
    let wait = needs.iter().map(|(_, wait)| *wait).max();
    FeatureStatus {
        status,
        missing,
        stale_age_seconds: stale_age.map(|age| age.as_secs()),
        retry_after_seconds: match status {
            Availability::Down => wait.map(whole_seconds),
            Availability::Up | Availability::Degraded => None,
        },
    }
}

/// Down is the restaurant only when it offers nothing.
pub(crate) fn overall(states: impl IntoIterator<Item = Availability> + Clone) -> Availability {
    let all = |state| states.clone().into_iter().all(|one| one == state);
    if all(Availability::Up) {
        Availability::Up
    } else if all(Availability::Down) {
        Availability::Down
    } else {
        Availability::Degraded
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use shared_types::gateway::Availability::{Degraded, Down, Up};

    use super::{overall, state};

    const SHORT: Duration = Duration::from_millis(300);
    const LONG: Duration = Duration::from_millis(2300);

    #[test]
    fn with_all_it_wants_it_is_up() {
        let state = state(&[], &[], Some(LONG));
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
        let state = state(&[("orders", SHORT)], &[], Some(LONG));
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
    fn the_whole_is_down_only_when_all_of_it_is() {
        assert_eq!(overall([Up, Up]), Up);
        assert_eq!(overall([Up, Down]), Degraded);
        assert_eq!(overall([Degraded, Degraded]), Degraded);
        assert_eq!(overall([Down, Down]), Down);
        assert_eq!(overall([]), Up);
    }
}
