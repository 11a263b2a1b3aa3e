//! Decides when the gateway asks for a warm answer. It takes `now` and does no I/O.

use std::time::{Duration, Instant};

use service_kit::peer::Backoff;

use crate::answer::cache::Stored;

/// The greatest age of a warm row's stored answer while nobody asks for it. An outage then finds a
/// menu that is at most a minute old, for one request a minute.
const OLDEST: Duration = Duration::from_secs(60);

/// The pauses after failures. A row whose answer can never be stored costs its upstream one request
/// in the longest one.
const PAUSE: Backoff = Backoff {
    first: Duration::from_secs(1),
    longest: Duration::from_secs(60),
};

/// When to ask for one row next.
#[derive(Debug, Default)]
pub(super) struct Pace {
    failures: u32,
    /// The end of the pause after a failure.
    paused_until: Option<Instant>,
}

impl Pace {
    /// Whether to ask now. While the upstream is unavailable, nothing is asked and the pauses are
    /// forgotten: it is asked as soon as it is available again.
    pub(super) fn is_due(
        &mut self,
        now: Instant,
        is_available: bool,
        stored: Option<Stored>,
    ) -> bool {
        if !is_available {
            *self = Self::default();
            return false;
        }
        let is_paused = self.paused_until.is_some_and(|end| now < end);
        let is_old = |stored: Stored| {
            !stored.is_fresh && (stored.held >= OLDEST || stored.held >= stored.left)
        };
        !is_paused && stored.is_none_or(is_old)
    }

    pub(super) fn succeeded(&mut self) {
        *self = Self::default();
    }

    /// Returns whether it is the first failure since the last success.
    pub(super) fn failed(&mut self, now: Instant) -> bool {
        self.paused_until = Some(now + PAUSE.after(self.failures));
        self.failures = self.failures.saturating_add(1);
        self.failures == 1
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use proptest::prelude::*;

    use super::{PAUSE, Pace};
    use crate::answer::cache::Stored;

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn stored(held: u64, left: u64) -> Option<Stored> {
        Some(Stored {
            is_fresh: false,
            held: seconds(held),
            left: seconds(left),
        })
    }

    #[test]
    fn a_fresh_answer_is_not_asked_for() {
        let fresh = stored(600, 10).map(|stored| Stored {
            is_fresh: true,
            ..stored
        });
        assert!(!Pace::default().is_due(Instant::now(), true, fresh));
    }

    #[test]
    fn a_missing_or_old_answer_is_asked_for() {
        for (stored, expected) in [
            (None, true),
            (stored(0, 3600), false),
            (stored(59, 3541), false),
            (stored(60, 3540), true),
            // An answer that may be used for only ten more seconds.
            (stored(4, 6), false),
            (stored(5, 5), true),
        ] {
            let due = Pace::default().is_due(Instant::now(), true, stored.clone());
            assert_eq!(due, expected, "{stored:?}");
        }
    }

    #[test]
    fn an_unavailable_upstream_is_not_asked_until_it_is_available_again() {
        let (mut pace, now) = (Pace::default(), Instant::now());
        for _ in 0..10 {
            pace.failed(now);
        }
        assert!(!pace.is_due(now, true, None));
        assert!(!pace.is_due(now, false, None));
        assert!(pace.is_due(now, true, None));
    }

    #[test]
    fn the_pauses_after_failures_double_up_to_a_minute() {
        let (mut pace, mut now) = (Pace::default(), Instant::now());
        for pause in [1, 2, 4, 8, 16, 32, 60, 60] {
            pace.failed(now);
            assert!(!pace.is_due(now + seconds(pause) - Duration::from_millis(1), true, None));
            now += seconds(pause);
            assert!(pace.is_due(now, true, None));
        }
        pace.succeeded();
        assert!(pace.failed(now));
        assert!(!pace.failed(now));
    }

    proptest! {
        #[test]
        fn a_row_that_always_fails_is_asked_for_about_once_a_minute(failures in 1_u32..10_000) {
            let (mut pace, now) = (Pace::default(), Instant::now());
            for _ in 0..failures {
                pace.failed(now);
            }
            prop_assert!(pace.is_due(now + PAUSE.longest, true, None));
            if failures > 6 {
                prop_assert!(!pace.is_due(now + PAUSE.longest - seconds(1), true, None));
            }
        }
    }
}
