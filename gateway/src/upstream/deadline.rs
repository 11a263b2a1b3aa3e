//! The deadline of an upstream for one exchange. It counts the time in which the upstream is waited
//! for: until the answer's head has come, and while more of its body is awaited. Time spent waiting
//! for the client, to send its body or to take the answer, does not count; `limits.stall_timeout`
//! and `limits.min_rate` bound that.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::Instant;

use super::request::upload::Progress;
use crate::http::client_connection::ClientConnection;
use crate::http::lazy_timer::LazyTimer;

/// An upstream that its client has kept waiting for this long is not to blame if it ends the
/// connection: servers have their own timeout for unsent bytes.
const LONG: Duration = Duration::from_secs(1);

pub(super) struct Deadline {
    /// When the upstream's time is over, if nothing but the upstream is waited for until then.
    at: Cell<Instant>,
    /// Since when the client is waited for.
    paused: Cell<Option<Instant>>,
    /// Whether a pause was long.
    was_paused_long: Cell<bool>,
    /// The timer of the client's connection, if it has one request at a time.
    timer: Rc<RefCell<LazyTimer>>,
}

/// The deadline has passed.
#[derive(Debug)]
pub(super) struct Passed;

impl Deadline {
    pub(super) fn after(timeout: Duration, client: Option<&Rc<ClientConnection>>) -> Self {
        Self {
            at: Cell::new(Instant::now() + timeout),
            paused: Cell::default(),
            was_paused_long: Cell::default(),
            timer: client.map(|client| client.exchange()).unwrap_or_default(),
        }
    }

    pub(super) fn at(&self) -> Instant {
        self.at.get()
    }

    /// Stops the clock: from now on the client is waited for.
    pub(super) fn pause(&self) {
        if self.paused.get().is_none() {
            self.paused.set(Some(Instant::now()));
        }
    }

    /// Starts the clock again: from now on the upstream is waited for.
    pub(super) fn resume(&self) {
        if let Some(since) = self.paused.take() {
            let pause = since.elapsed();
            self.at.set(self.at.get() + pause);
            self.was_paused_long
                .set(self.was_paused_long.get() || pause >= LONG);
        }
    }

    /// Whether the client has kept the upstream waiting for long.
    pub(super) fn was_paused_long(&self) -> bool {
        let paused = self.paused.get();
        self.was_paused_long.get() || paused.is_some_and(|since| since.elapsed() >= LONG)
    }

    /// Returns the output of `work` if it comes in time. `upload` tells when the client's body is
    /// waited for. The caller pins `work`; otherwise it would take its space twice.
    pub(super) fn hold<W: Future>(
        &self,
        upload: &Progress,
        mut work: Pin<&mut W>,
    ) -> impl Future<Output = Result<W::Output, Passed>> {
        poll_fn(move |context| {
            self.resume();
            match work.as_mut().poll(context) {
                Poll::Ready(output) => Poll::Ready(Ok(output)),
                Poll::Pending => self.poll(upload, context).map(Err),
            }
        })
    }

    /// Ready once the upstream's time is over.
    pub(super) fn poll(&self, upload: &Progress, context: &mut Context<'_>) -> Poll<Passed> {
        if upload.is_awaited() {
            self.pause();
            return Poll::Pending;
        }
        let mut timer = self.timer.borrow_mut();
        timer.poll_until(self.at.get(), context).map(|()| Passed)
    }

    /// Whether the upstream's time is over, for a caller that polls now and then.
    pub(super) fn has_passed(&self, now: Instant) -> bool {
        self.paused.get().is_none() && now >= self.at.get()
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::pin::pin;
    use std::rc::Rc;
    use std::time::Duration;

    use tokio::time::{Instant, advance, sleep};

    use super::{Deadline, Progress};
    use crate::http::client_connection::ClientConnection;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn work_ends_in_time_or_at_its_deadline_whatever_came_before() {
        let (client, upload) = (Rc::new(ClientConnection::default()), Progress::default());
        for client in [Some(&client), Some(&client), None] {
            let begun = Instant::now();
            let deadline = Deadline::after(2 * SECOND, client);
            assert!(deadline.hold(&upload, pin!(sleep(SECOND))).await.is_ok());
            assert!(deadline.hold(&upload, pin!(pending::<()>())).await.is_err());
            assert_eq!(begun.elapsed(), 2 * SECOND);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn time_spent_waiting_for_the_client_does_not_count() {
        let begun = Instant::now();
        let deadline = Deadline::after(2 * SECOND, None);
        advance(SECOND).await;
        deadline.pause();
        advance(5 * SECOND).await;
        deadline.pause();
        assert!(!deadline.has_passed(Instant::now()));
        deadline.resume();
        deadline.resume();
        let upload = Progress::default();
        assert!(deadline.hold(&upload, pin!(pending::<()>())).await.is_err());
        assert_eq!(begun.elapsed(), 7 * SECOND);
        assert!(deadline.has_passed(Instant::now()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_long_wait_for_the_client_is_noticed() {
        let deadline = Deadline::after(2 * SECOND, None);
        deadline.pause();
        advance(SECOND / 2).await;
        deadline.resume();
        assert!(!deadline.was_paused_long());
        deadline.pause();
        advance(SECOND).await;
        assert!(deadline.was_paused_long());
        deadline.resume();
        assert!(deadline.was_paused_long());
    }
}
