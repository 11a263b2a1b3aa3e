//! A timer that serves many deadlines, one after another. Setting a timer costs more than reading
//! the clock, so it is moved only to an earlier moment. If it fires too early, it is set again.

use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::time::{Instant, Sleep, sleep_until};

#[derive(Debug, Default)]
pub(crate) struct LazyTimer(Option<Pin<Box<Sleep>>>);

impl LazyTimer {
    /// Ready once `deadline` has passed; otherwise the task is woken by then.
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

    use super::LazyTimer;

    /// Seconds until it is ready, if `first` is the deadline at the first poll and `then` at every
    /// later one.
    async fn ends_after(first: u64, then: u64) -> u64 {
        let begun = Instant::now();
        let (mut timer, mut is_first) = (LazyTimer::default(), true);
        poll_fn(|context| {
            let seconds = if is_first { first } else { then };
            if std::mem::take(&mut is_first) {
                context.waker().wake_by_ref();
            }
            timer.poll_until(begun + Duration::from_secs(seconds), context)
        })
        .await;
        begun.elapsed().as_secs()
    }

    #[tokio::test(start_paused = true)]
    async fn the_last_deadline_counts() {
        for (first, then) in [(5, 5), (5, 3), (3, 5)] {
            assert_eq!(ends_after(first, then).await, then, "{first}, then {then}");
        }
    }
}
