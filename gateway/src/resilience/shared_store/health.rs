//! Decides whether requests ask the shared store. Does no I/O.
//!
//! A late answer or an error may pass; a few in a row are an outage, and so is a connection that
//! cannot be opened. From then on only the beat asks, until its answer comes in time.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

/// So many failures in a row are an outage.
const FAILURES: u32 = 5;

/// Whether the store answers.
#[derive(Debug, Default)]
pub(super) struct Health {
    is_up: AtomicBool,
    failures: AtomicU32,
}

impl Health {
    pub(super) fn is_up(&self) -> bool {
        self.is_up.load(Ordering::Acquire)
    }

    /// A request's answer came in time.
    pub(super) fn answered(&self) {
        self.failures.store(0, Ordering::Release);
    }

    /// A beat's answer came in time.
    pub(super) fn found(&self) {
        self.failures.store(0, Ordering::Release);
        self.is_up.store(true, Ordering::Release);
    }

    /// An answer came late, or was an error. Returns whether the store is away now.
    pub(super) fn failed(&self) -> bool {
        let before = self.failures.fetch_add(1, Ordering::AcqRel);
        if before.saturating_add(1) >= FAILURES {
            self.lost();
        }
        !self.is_up()
    }

    /// The store cannot be used.
    pub(super) fn lost(&self) {
        self.is_up.store(false, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::{FAILURES, Health};

    #[test]
    fn it_is_away_until_the_first_beat_and_after_a_loss() {
        let health = Health::default();
        health.answered();
        assert!(!health.is_up());
        health.found();
        assert!(health.is_up());
        health.lost();
        assert!(!health.is_up());
    }

    #[test]
    fn a_few_failures_in_a_row_are_an_outage_and_single_ones_are_not() {
        let health = Health::default();
        health.found();
        for _ in 0..3 {
            assert!((1..FAILURES).all(|_| !health.failed()));
            health.answered();
        }
        assert!((1..FAILURES).all(|_| !health.failed()));
        assert!(health.failed());
        assert!(!health.is_up());
    }

    #[test]
    fn only_a_beat_ends_an_outage() {
        let health = Health::default();
        health.found();
        health.lost();
        health.answered();
        assert!(!health.is_up());
        health.found();
        assert!(health.is_up());
        assert!(!health.failed());
    }
}
