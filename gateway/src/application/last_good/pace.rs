//! Decides when the file of the last good answers is written. It takes `now` and does no I/O.

use std::time::{Duration, Instant};

use crate::answer::cache::Changes;

/// The time between two looks. After a change at an upstream, its old answer is in the file for
/// this long at most: a gateway that is killed and starts in an outage would show it.
pub(super) const EVERY: Duration = Duration::from_secs(1);

/// The time between two writes because of new answers. A menu that is asked for all the time is
/// stored every other second, and is hardly ever different.
const NEW_ANSWERS: Duration = Duration::from_secs(5);

/// The part of the time in which the file may be written: one in this many. A large cache on a slow
/// disk is written more rarely.
const PART: u32 = 20;

/// When the file was written, and what it holds.
#[derive(Debug)]
pub(super) struct Pace {
    /// The changes that are in the file. `None` if it must be written in any case.
    written: Option<Changes>,
    /// When the last try ended.
    at: Instant,
    /// How long it took.
    took: Duration,
}

impl Pace {
    /// `changes` have just been read from the file.
    pub(super) fn new(changes: Changes, now: Instant) -> Self {
        Self {
            written: Some(changes),
            at: now,
            took: Duration::ZERO,
        }
    }

    pub(super) fn has_changed(&self, changes: Changes) -> bool {
        self.written != Some(changes)
    }

    pub(super) fn is_due(&self, changes: Changes, now: Instant) -> bool {
        let has_only_new_answers = self
            .written
            .is_some_and(|written| written.invalidated == changes.invalidated);
        let pause = if has_only_new_answers {
            NEW_ANSWERS
        } else {
            EVERY
        };
        let since = now.saturating_duration_since(self.at);
        self.has_changed(changes) && since >= pause.max(self.took * PART)
    }

    /// Notes a try that ended now. `written` is what the file now holds, if it succeeded.
    pub(super) fn tried(&mut self, written: Option<Changes>, took: Duration, now: Instant) {
        self.written = written.or(self.written);
        self.at = now;
        self.took = took;
    }

    /// Makes the next write due: the counts begin anew.
    pub(super) fn forget(&mut self) {
        self.written = None;
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{EVERY, NEW_ANSWERS, Pace};
    use crate::answer::cache::Changes;

    const fn changes(stored: u64, invalidated: u64) -> Changes {
        Changes {
            stored,
            invalidated,
        }
    }

    #[test]
    fn the_file_is_written_only_after_a_change() {
        let now = Instant::now();
        let pace = Pace::new(changes(3, 1), now);
        let later = now + Duration::from_secs(3600);
        assert!(!pace.is_due(changes(3, 1), later));
        assert!(pace.is_due(changes(4, 1), later));
    }

    #[test]
    fn an_answer_that_is_out_of_date_leaves_the_file_sooner_than_a_new_one_enters_it() {
        let now = Instant::now();
        let pace = Pace::new(changes(0, 0), now);
        for (changes, pause) in [(changes(1, 0), NEW_ANSWERS), (changes(0, 1), EVERY)] {
            let almost = now + pause - Duration::from_millis(1);
            assert!(!pace.is_due(changes, almost));
            assert!(pace.is_due(changes, now + pause));
        }
    }

    #[test]
    fn a_file_that_takes_long_is_written_more_rarely() {
        let now = Instant::now();
        let mut pace = Pace::new(changes(0, 0), now);
        pace.tried(Some(changes(1, 0)), Duration::from_secs(1), now);
        assert!(!pace.is_due(changes(1, 1), now + Duration::from_secs(19)));
        assert!(pace.is_due(changes(1, 1), now + Duration::from_secs(20)));
    }

    #[test]
    fn a_failed_try_is_repeated_and_a_reload_makes_one_due() {
        let now = Instant::now();
        let mut pace = Pace::new(changes(0, 0), now);
        pace.tried(None, Duration::ZERO, now);
        assert!(pace.is_due(changes(1, 0), now + NEW_ANSWERS));
        pace.tried(Some(changes(1, 0)), Duration::ZERO, now);
        assert!(!pace.is_due(changes(1, 0), now + NEW_ANSWERS));
        pace.forget();
        assert!(pace.is_due(changes(1, 0), now + EVERY));
    }
}
