//! Whether an upstream is known to answer. No I/O.

use std::time::{Duration, Instant};

/// An answer counts for this long. A request is mostly taken because the upstream is away, so an
/// older answer says nothing.
const FRESH: Duration = Duration::from_secs(1);

/// How often an upstream that is away is asked: everything is delivered within seconds of its
/// return.
const INTERVAL: Duration = Duration::from_millis(500);

#[derive(Debug, Default)]
pub(super) struct Health {
    answered: Option<Instant>,
    probed: Option<Instant>,
    is_away: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Lost,
    Back,
}

impl Health {
    pub(super) fn answered(&mut self, now: Instant) -> Option<Change> {
        self.answered = Some(now);
        std::mem::take(&mut self.is_away).then_some(Change::Back)
    }

    /// The upstream could not be reached, or a probe failed.
    pub(super) fn lost(&mut self) -> Option<Change> {
        self.answered = None;
        let is_news = !std::mem::replace(&mut self.is_away, true);
        is_news.then_some(Change::Lost)
    }

    /// Whether entries may be sent without a probe.
    pub(super) fn is_known(&self, now: Instant) -> bool {
        self.answered
            .is_some_and(|answered| now.saturating_duration_since(answered) < FRESH)
    }

    /// Whether it is time for a probe, which the caller then makes.
    pub(super) fn begin_probe(&mut self, now: Instant) -> bool {
        let is_time = self
            .probed
            .is_none_or(|probed| now.saturating_duration_since(probed) >= INTERVAL);
        if is_time {
            self.probed = Some(now);
        }
        is_time
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{Change, FRESH, Health, INTERVAL};

    const MOMENT: Duration = Duration::from_millis(1);

    #[test]
    fn an_answer_counts_until_it_is_old_or_the_upstream_is_lost() {
        let (mut health, now) = (Health::default(), Instant::now());
        assert!(!health.is_known(now));
        assert_eq!(health.answered(now), None);
        assert!(health.is_known(now + FRESH - MOMENT));
        assert!(!health.is_known(now + FRESH));
        assert_eq!(health.lost(), Some(Change::Lost));
        assert_eq!(health.lost(), None);
        assert!(!health.is_known(now));
        assert_eq!(health.answered(now), Some(Change::Back));
        assert!(health.is_known(now));
    }

    #[test]
    fn probes_keep_their_distance() {
        let (mut health, now) = (Health::default(), Instant::now());
        assert!(health.begin_probe(now));
        assert!(!health.begin_probe(now + INTERVAL - MOMENT));
        assert!(health.begin_probe(now + INTERVAL));
    }
}
