//! Judges whether a client takes its bytes fast enough, or is cut off.

use std::io;
use std::task::{Context, Poll, ready};

use tokio::time::Instant;

use crate::http::lazy_timer::LazyTimer;
use crate::resilience::min_rate::Allowance;

/// `written` is the result of a write; a flush counts as a write of nothing. A pending write may
/// wait for as long as the client's allowance lasts, then it fails. `timer` may serve other
/// deadlines of the connection too.
pub(super) fn judge(
    written: Poll<io::Result<usize>>,
    allowance: &mut Allowance,
    timer: &mut LazyTimer,
    context: &mut Context<'_>,
) -> Poll<io::Result<usize>> {
    match written {
        Poll::Ready(Ok(count)) => {
            if !allowance.is_untouched() {
                allowance.moved(count as u64, Instant::now());
            }
            written
        }
        Poll::Ready(Err(_)) => written,
        Poll::Pending => {
            let deadline = allowance.wait(Instant::now());
            ready!(timer.poll_until(deadline, context));
            Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::io::ErrorKind;
    use std::task::Poll;
    use std::time::Duration;

    use tokio::time::{Instant, timeout};

    use super::judge;
    use crate::http::lazy_timer::LazyTimer;
    use crate::resilience::min_rate::{Allowance, MinRate};

    const PAUSE: Duration = Duration::from_secs(5);
    const STALL: Duration = Duration::from_secs(30);

    /// How long a client lasts, for an hour at most, that takes `count` bytes after every pause.
    async fn lasts(count: usize) -> Option<Duration> {
        let begun = Instant::now();
        let mut timer = LazyTimer::default();
        let mut allowance = Allowance::new(MinRate::default(), STALL);
        while begun.elapsed() < Duration::from_secs(3600) {
            let written =
                poll_fn(|context| judge(Poll::Pending, &mut allowance, &mut timer, context));
            if let Ok(cut) = timeout(PAUSE, written).await {
                assert_eq!(cut.unwrap_err().kind(), ErrorKind::TimedOut);
                return Some(begun.elapsed());
            }
            let taken = poll_fn(|context| {
                judge(Poll::Ready(Ok(count)), &mut allowance, &mut timer, context)
            });
            assert_eq!(taken.await.unwrap(), count);
        }
        None
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_takes_16_bytes_every_5_seconds_is_cut() {
        let lasted = lasts(16).await.unwrap();
        assert!((STALL..STALL + PAUSE).contains(&lasted), "{lasted:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_takes_2_kib_every_5_seconds_has_its_answer() {
        assert_eq!(lasts(2048 + 64).await, None);
    }
}
