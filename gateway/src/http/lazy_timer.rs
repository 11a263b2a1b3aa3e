//! A timer that serves many deadlines, one after another. Setting one costs more than looking at the clock: so it is moved
//! only to an earlier moment, and where it fires too early it is set again.

use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::time::{Instant, Sleep, sleep_until};

#[derive(Debug, Default)]
pub(crate) struct Patience(Option<Pin<Box<Sleep>>>);

impl Patience {
    /// Ready once `deadline` has passed; else the task is woken by then.
    pub(crate) fn poll_until(&mut self, deadline: Instant, context: &mut Context<'_>) -> Poll<()> {
        let timer = self
            .0
            .get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if timer.deadline() > deadline {
            timer.as_mut().reset(deadline);
        }
        while timer.as_mut().poll(context).is_ready() {
            if Instant::now() >= deadline {
                return Poll::Ready(());
            }
            timer.as_mut().reset(deadline);
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::time::Duration;

    use tokio::time::Instant;

    use super::Patience;

    /// When it ends, in seconds, where `first` is the deadline at first and `then` is at every later look.
    async fn ends_after(first: u64, then: u64) -> u64 {
        let begun = Instant::now();
        let (mut patience, mut is_first) = (Patience::default(), true);
        poll_fn(|context| {
            let seconds = if is_first { first } else { then };
            if std::mem::take(&mut is_first) {
                context.waker().wake_by_ref();
            }
            patience.poll_until(begun + Duration::from_secs(seconds), context)
        })
        .await;
        begun.elapsed().as_secs()
    }

    #[tokio::test(start_paused = true)]
    async fn the_deadline_that_was_named_last_counts() {
        for (first, then) in [(5, 5), (5, 3), (3, 5)] {
            assert_eq!(ends_after(first, then).await, then, "{first}, then {then}");
        }
    }
}
