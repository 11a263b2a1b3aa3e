//! Chooses which idle connection is used next, and which are dropped. Does no I/O: it is told the
//! time and which connections are open.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// The greatest age of a connection, so that a changed DNS record is noticed.
const LIFETIME: Duration = Duration::from_secs(75);

/// The most idle connections. Each is an open file here and one at the upstream. Beyond the limit,
/// connections would be opened anew for each exchange once as many run at a time, which costs three
/// times as much as the exchange.
const MOST: usize = 512;

/// The idle connections of one upstream, oldest first. The most recent one is used first, so that
/// the others can grow old and be closed when the load is gone.
pub(super) struct Idle<C>(VecDeque<Entry<C>>);

struct Entry<C> {
    connection: C,
    /// When it is no longer used.
    until: Instant,
}

impl<C> Entry<C> {
    fn is_stale(&self, now: Instant) -> bool {
        now >= self.until
    }
}

impl<C> Idle<C> {
    /// Keeps a connection that was opened at `made`, for `time` at most.
    pub(super) fn put(&mut self, connection: C, made: Instant, now: Instant, time: Duration) {
        while self
            .0
            .front()
            .is_some_and(|oldest| oldest.is_stale(now) || self.0.len() >= MOST)
        {
            self.0.pop_front();
        }
        self.0.push_back(Entry {
            connection,
            until: (made + LIFETIME).min(now + time),
        });
    }

    /// Takes the most recently used connection that is still good, and drops those that are not.
    pub(super) fn take(
        &mut self,
        now: Instant,
        mut is_open: impl FnMut(&mut C) -> bool,
    ) -> Option<C> {
        while let Some(mut entry) = self.0.pop_back() {
            if !entry.is_stale(now) && is_open(&mut entry.connection) {
                return Some(entry.connection);
            }
        }
        None
    }
}

impl<C> Idle<C> {
    /// Drops connections that are no longer good. Returns whether any is left.
    pub(super) fn sweep(&mut self, now: Instant, mut is_open: impl FnMut(&mut C) -> bool) -> bool {
        self.0
            .retain_mut(|entry| !entry.is_stale(now) && is_open(&mut entry.connection));
        !self.0.is_empty()
    }
}

impl<C> Default for Idle<C> {
    fn default() -> Self {
        Self(VecDeque::new())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::{Idle, LIFETIME, MOST};

    const MOMENT: Duration = Duration::from_millis(1);
    const IDLE: Duration = Duration::from_secs(4);

    #[test]
    fn the_most_recent_connection_is_used_first() {
        let (mut idle, now) = (Idle::default(), Instant::now());
        idle.put("first", now, now, IDLE);
        idle.put("second", now, now + MOMENT, IDLE);
        let mut take = || idle.take(now + MOMENT, |_| true);
        assert_eq!(
            [take(), take(), take()],
            [Some("second"), Some("first"), None]
        );
    }

    #[test]
    fn a_connection_that_was_idle_for_too_long_is_dropped() {
        for time in [IDLE, IDLE / 2] {
            for (waited, kept) in [(time - MOMENT, true), (time, false)] {
                let (mut idle, now) = (Idle::default(), Instant::now());
                idle.put((), now, now, time);
                assert_eq!(idle.take(now + waited, |()| true).is_some(), kept);
            }
        }
    }

    #[test]
    fn a_connection_that_is_too_old_is_dropped_however_busy_it_is() {
        for (age, kept) in [(LIFETIME - MOMENT, true), (LIFETIME, false)] {
            let (mut idle, made) = (Idle::default(), Instant::now());
            let now = made + age;
            idle.put((), made, now, IDLE);
            assert_eq!(idle.take(now, |()| true).is_some(), kept);
        }
    }

    #[test]
    fn a_closed_connection_is_skipped_and_dropped() {
        let (mut idle, now) = (Idle::default(), Instant::now());
        idle.put("open", now, now, IDLE);
        idle.put("closed", now, now, IDLE);
        assert_eq!(idle.take(now, |name| *name == "open"), Some("open"));
        assert_eq!(idle.take(now, |_| true), None);
    }

    #[test]
    fn beyond_the_limit_the_oldest_is_dropped() {
        let (mut idle, now) = (Idle::default(), Instant::now());
        for number in 0..=MOST {
            idle.put(number, now, now, IDLE);
        }
        let kept: Vec<_> = std::iter::from_fn(|| idle.take(now, |_| true)).collect();
        assert_eq!(kept, (1..=MOST).rev().collect::<Vec<_>>());
    }

    #[test]
    fn a_stale_connection_is_dropped_when_another_comes() {
        let (mut idle, now) = (Idle::default(), Instant::now());
        let dropped = std::rc::Rc::new(());
        idle.put(std::rc::Rc::clone(&dropped), now, now, IDLE);
        idle.put(std::rc::Rc::new(()), now, now + IDLE, IDLE);
        assert_eq!(std::rc::Rc::strong_count(&dropped), 1);
    }
}
