//! Whether a connection has requests in flight, and since when it has none.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

#[derive(Clone)]
pub(super) struct Activity(Rc<State>);

struct State {
    in_flight: Cell<usize>,
    /// When the last request ended; of no meaning while there is one.
    idle_since: Cell<Instant>,
    settled: Notify,
}

/// A request from its head to the end of its answer.
pub(super) struct InFlight(Rc<State>);

impl Activity {
    pub(super) fn begin() -> Self {
        Self(Rc::new(State {
            in_flight: Cell::new(0),
            idle_since: Cell::new(Instant::now()),
            settled: Notify::new(),
        }))
    }

    pub(super) fn enter(&self) -> InFlight {
        let state = Rc::clone(&self.0);
        state.in_flight.set(state.in_flight.get() + 1);
        InFlight(state)
    }

    /// Counts the time without a request from now on.
    pub(super) fn restart(&self) {
        self.0.idle_since.set(Instant::now());
    }

    /// Completes once there has been no request for so long. No timer is set anew for each request: one that runs out
    /// looks again.
    pub(super) async fn idle_for(&self, time: Duration) {
        loop {
            if self.0.in_flight.get() > 0 {
                self.0.settled.notified().await;
                continue;
            }
            let end = self.0.idle_since.get() + time;
            if end <= Instant::now() {
                return;
            }
            sleep_until(end).await;
        }
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let left = self.0.in_flight.get().saturating_sub(1);
        self.0.in_flight.set(left);
        if left == 0 {
            self.0.idle_since.set(Instant::now());
            self.0.settled.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::FutureExt as _;

    use super::Activity;

    #[tokio::test]
    async fn a_connection_is_idle_only_without_a_request() {
        let activity = Activity::begin();
        let (first, second) = (activity.enter(), activity.enter());
        let is_idle = || activity.idle_for(Duration::ZERO).now_or_never().is_some();
        assert!(!is_idle());
        drop(first);
        assert!(!is_idle());
        drop(second);
        assert!(is_idle());
        assert!(
            activity
                .idle_for(Duration::from_secs(60))
                .now_or_never()
                .is_none()
        );
    }

    #[tokio::test]
    async fn who_waits_for_idleness_is_woken_by_the_last_request() {
        let activity = Activity::begin();
        let in_flight = activity.enter();
        let end = async { drop(in_flight) };
        tokio::join!(biased; activity.idle_for(Duration::from_millis(1)), end);
    }
}
