//! When an exchange has to be over, until the last byte of the answer.

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::Instant;

use crate::link::Link;
use crate::patience::Patience;

pub(super) struct Deadline {
    at: Instant,
    /// Of the client's connection, where it has one request at a time.
    timer: Rc<RefCell<Patience>>,
}

/// The deadline has passed.
#[derive(Debug)]
pub(super) struct Passed;

impl Deadline {
    pub(super) fn after(timeout: Duration, link: Option<&Rc<Link>>) -> Self {
        Self {
            at: Instant::now() + timeout,
            timer: link.map(|link| link.exchange()).unwrap_or_default(),
        }
    }

    pub(super) fn at(&self) -> Instant {
        self.at
    }

    /// What `work` comes to, where that is in time. Pinned by the caller, or there would be room for it twice.
    pub(super) fn hold<W: Future>(
        &self,
        mut work: Pin<&mut W>,
    ) -> impl Future<Output = Result<W::Output, Passed>> {
        poll_fn(move |context| match work.as_mut().poll(context) {
            Poll::Ready(output) => Poll::Ready(Ok(output)),
            Poll::Pending => self.poll(context).map(Err),
        })
    }

    pub(super) fn poll(&self, context: &mut Context<'_>) -> Poll<Passed> {
        let mut timer = self.timer.borrow_mut();
        timer.poll_until(self.at, context).map(|()| Passed)
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::pin::pin;
    use std::rc::Rc;
    use std::time::Duration;

    use tokio::time::{Instant, sleep};

    use super::Deadline;
    use crate::link::Link;

    #[tokio::test(start_paused = true)]
    async fn work_ends_in_time_or_at_its_deadline_whatever_the_one_before_it_was() {
        let link = Rc::new(Link::default());
        for link in [Some(&link), Some(&link), None] {
            let (begun, second) = (Instant::now(), Duration::from_secs(1));
            let deadline = Deadline::after(2 * second, link);
            assert!(deadline.hold(pin!(sleep(second))).await.is_ok());
            assert!(deadline.hold(pin!(pending::<()>())).await.is_err());
            assert_eq!(begun.elapsed(), 2 * second);
        }
    }
}
