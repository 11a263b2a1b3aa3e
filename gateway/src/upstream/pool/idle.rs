//! Which idle connection is used next, and which are let go. Does no I/O: it is told the time and what is closed.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// How old a connection may become, so that a changed DNS record is noticed.
const LIFETIME: Duration = Duration::from_secs(75);

/// How many are kept. Each is an open file here and one at the upstream. What is above would be connected anew for each
/// exchange once as many are under way at a time, which costs three times what the exchange does.
const MOST: usize = 512;

/// The idle connections of one upstream, oldest first. The last one to come is the first to go: the others can
/// then grow old and be closed when the load is gone.
pub(super) struct Idle<C>(VecDeque<Entry<C>>);

struct Entry<C> {
    connection: C,
    /// From then on it is not used any more.
    until: Instant,
}

impl<C> Entry<C> {
    fn is_stale(&self, now: Instant) -> bool {
        now >= self.until
    }
}

impl<C> Idle<C> {
    /// Keeps a connection that was made at `made`, for `time` at most.
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

    /// The connection that was used last and is still good. Those that are not are dropped on the way.
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
    /// Drops those that are not good any more. Gives whether any is left.
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
    fn the_last_to_come_is_the_first_to_go() {
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
    fn a_connection_that_was_idle_for_too_long_is_let_go() {
        for time in [IDLE, IDLE / 2] {
            for (waited, kept) in [(time - MOMENT, true), (time, false)] {
                let (mut idle, now) = (Idle::default(), Instant::now());
                idle.put((), now, now, time);
                assert_eq!(idle.take(now + waited, |()| true).is_some(), kept);
            }
        }
    }

    #[test]
    fn a_connection_that_is_too_old_is_let_go_however_busy_it_is() {
        for (age, kept) in [(LIFETIME - MOMENT, true), (LIFETIME, false)] {
            let (mut idle, made) = (Idle::default(), Instant::now());
            let now = made + age;
            idle.put((), made, now, IDLE);
            assert_eq!(idle.take(now, |()| true).is_some(), kept);
        }
    }

    #[test]
    fn a_closed_connection_is_passed_over_and_dropped() {
        let (mut idle, now) = (Idle::default(), Instant::now());
        idle.put("open", now, now, IDLE);
        idle.put("closed", now, now, IDLE);
        assert_eq!(idle.take(now, |name| *name == "open"), Some("open"));
        assert_eq!(idle.take(now, |_| true), None);
    }

    #[test]
    fn beyond_the_limit_the_oldest_is_let_go() {
        let (mut idle, now) = (Idle::default(), Instant::now());
        for number in 0..=MOST {
            idle.put(number, now, now, IDLE);
        }
        let kept: Vec<_> = std::iter::from_fn(|| idle.take(now, |_| true)).collect();
        assert_eq!(kept, (1..=MOST).rev().collect::<Vec<_>>());
    }

    #[test]
    fn what_has_grown_stale_goes_when_another_comes() {
        let (mut idle, now) = (Idle::default(), Instant::now());
        let dropped = std::rc::Rc::new(());
        idle.put(std::rc::Rc::clone(&dropped), now, now, IDLE);
        idle.put(std::rc::Rc::new(()), now, now + IDLE, IDLE);
        assert_eq!(std::rc::Rc::strong_count(&dropped), 1);
    }
}
