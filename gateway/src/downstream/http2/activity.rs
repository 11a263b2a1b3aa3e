//! Counts a connection's requests in flight, and knows since when it has been idle.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until, timeout_at};

#[derive(Clone)]
pub(super) struct Activity(Rc<State>);

struct State {
    in_flight: Cell<usize>,
    /// Whether there has been any request.
    is_used: Cell<bool>,
    /// When the connection began, the last request ended, or the last bytes of an answer were sent:
    /// the client may still be taking them. Meaningless while a request is in flight.
    idle_since: Cell<Instant>,
    /// Notified when the first request comes, and when the last one in flight ends.
    changed: Notify,
}

/// A request, from its head until its whole answer is handed over to be sent.
pub(super) struct InFlight(Rc<State>);

impl Activity {
    pub(super) fn begin() -> Self {
        Self(Rc::new(State {
            in_flight: Cell::new(0),
            is_used: Cell::new(false),
            idle_since: Cell::new(Instant::now()),
            changed: Notify::new(),
        }))
    }

    pub(super) fn enter(&self) -> InFlight {
        let state = Rc::clone(&self.0);
        state.in_flight.set(state.in_flight.get() + 1);
        if !state.is_used.replace(true) {
            state.changed.notify_one();
        }
        InFlight(state)
    }

    /// Notes that some of an answer has been sent.
    pub(super) fn note(&self) {
        self.0.idle_since.set(Instant::now());
    }

    /// Completes once there has been no request, and no byte of an answer sent, for as long as
    /// `used`, or `unused` if there has been no request at all. It sets no timer for each request:
    /// when its timer fires, it checks again.
    pub(super) async fn idle_for(&self, unused: Duration, used: Duration) {
        loop {
            if self.0.in_flight.get() > 0 {
                self.0.changed.notified().await;
                continue;
            }
            let is_used = self.0.is_used.get();
            let end = self.0.idle_since.get() + if is_used { used } else { unused };
            if end <= Instant::now() {
                return;
            }
            if is_used {
                sleep_until(end).await;
            } else {
                // In both cases, the loop checks again.
                let _ = timeout_at(end, self.0.changed.notified()).await;
            }
        }
    }
}

impl InFlight {
    pub(super) fn activity(&self) -> Activity {
        Activity(Rc::clone(&self.0))
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let left = self.0.in_flight.get().saturating_sub(1);
        self.0.in_flight.set(left);
        if left == 0 {
            self.0.idle_since.set(Instant::now());
            self.0.changed.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::FutureExt as _;
    use tokio::time::{Instant, advance};

    use super::Activity;

    const LONG: Duration = Duration::from_secs(60);

    fn is_idle(activity: &Activity, unused: Duration, used: Duration) -> bool {
        activity.idle_for(unused, used).now_or_never().is_some()
    }

    #[tokio::test]
    async fn a_connection_is_idle_only_without_a_request() {
        let activity = Activity::begin();
        let (first, second) = (activity.enter(), activity.enter());
        assert!(!is_idle(&activity, Duration::ZERO, Duration::ZERO));
        drop(first);
        assert!(!is_idle(&activity, Duration::ZERO, Duration::ZERO));
        drop(second);
        assert!(is_idle(&activity, LONG, Duration::ZERO));
        assert!(!is_idle(&activity, Duration::ZERO, LONG));
    }

    #[tokio::test]
    async fn a_connection_without_any_request_has_its_own_limit() {
        let activity = Activity::begin();
        assert!(is_idle(&activity, Duration::ZERO, LONG));
        assert!(!is_idle(&activity, LONG, Duration::ZERO));
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_is_not_idle_while_an_answer_is_being_sent() {
        let (begun, activity) = (Instant::now(), Activity::begin());
        drop(activity.enter());
        advance(LONG / 2).await;
        activity.note();
        activity.idle_for(LONG, LONG).await;
        assert!(begun.elapsed() >= LONG + LONG / 2);
    }

    #[tokio::test]
    async fn the_first_request_wakes_a_waiter() {
        let activity = Activity::begin();
        let first = async { drop(activity.enter()) };
        tokio::join!(biased; activity.idle_for(LONG, Duration::from_millis(1)), first);
    }

    #[tokio::test]
    async fn the_end_of_the_last_request_wakes_a_waiter() {
        let activity = Activity::begin();
        let in_flight = activity.enter();
        let end = async { drop(in_flight) };
        tokio::join!(biased; activity.idle_for(LONG, Duration::from_millis(1)), end);
    }
}
