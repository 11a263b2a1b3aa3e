//! Cuts a connection whose client takes too little of its bytes. Its clock stands still while the
//! connection takes nothing, so that an answer that only waits for the connection is not held
//! against its client a second time.

use std::cell::Cell;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use crate::downstream::taking;
use crate::http::lazy_timer::LazyTimer;
use crate::resilience::min_rate::Allowance;
use crate::settings::limits::Limits;

pub(super) struct Outbound<IO> {
    io: IO,
    taking: Allowance,
    timer: LazyTimer,
    clock: Clock,
}

/// A clock that stands still while the connection takes nothing. A connection and its answers share
/// it.
#[derive(Clone, Default)]
pub(super) struct Clock(Rc<Cell<Stopped>>);

#[derive(Clone, Copy, Default)]
struct Stopped {
    since: Option<Instant>,
    before: Duration,
}

impl Clock {
    /// How long it has stood still until `now`.
    pub(super) fn stopped(&self, now: Instant) -> Duration {
        let stopped = self.0.get();
        let current = stopped.since.map(|since| now.duration_since(since));
        stopped.before + current.unwrap_or_default()
    }

    pub(super) fn stands_still(&self) -> bool {
        self.0.get().since.is_some()
    }

    /// The time that it shows at `now`.
    pub(super) fn at(&self, now: Instant) -> Instant {
        now.checked_sub(self.stopped(now)).unwrap_or(now)
    }

    fn stop(&self, now: Instant) {
        let stopped = self.0.get();
        self.0.set(Stopped {
            since: stopped.since.or(Some(now)),
            ..stopped
        });
    }

    fn go(&self) {
        if self.stands_still() {
            self.0.set(Stopped {
                since: None,
                before: self.stopped(Instant::now()),
            });
        }
    }
}

impl<IO> Outbound<IO> {
    pub(super) fn new(io: IO, limits: &Limits, clock: Clock) -> Self {
        Self {
            io,
            taking: limits.allowance(),
            timer: LazyTimer::default(),
            clock,
        }
    }

    fn judge(
        &mut self,
        written: Poll<io::Result<usize>>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        match written {
            Poll::Ready(_) => self.clock.go(),
            Poll::Pending => self.clock.stop(Instant::now()),
        }
        taking::judge(written, &mut self.taking, &mut self.timer, context)
    }
}

impl<IO: AsyncRead + Unpin> AsyncRead for Outbound<IO> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(context, buffer)
    }
}

impl<IO: AsyncWrite + Unpin> AsyncWrite for Outbound<IO> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write(context, bytes);
        self.judge(written, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write_vectored(context, slices);
        self.judge(written, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.io).poll_flush(context);
        self.judge(flushed.map_ok(|()| 0), context).map_ok(drop)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let ended = Pin::new(&mut self.io).poll_shutdown(context);
        self.judge(ended.map_ok(|()| 0), context).map_ok(drop)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::{Instant, advance};

    use super::Clock;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn the_clock_stands_still_while_the_connection_takes_nothing() {
        let (begun, clock) = (Instant::now(), Clock::default());
        let shown = || clock.at(Instant::now()) - begun;
        advance(SECOND).await;
        assert_eq!(shown(), SECOND);
        clock.stop(Instant::now());
        advance(5 * SECOND).await;
        clock.stop(Instant::now());
        assert_eq!(shown(), SECOND);
        clock.go();
        advance(SECOND).await;
        assert_eq!(shown(), 2 * SECOND);
        assert_eq!(clock.stopped(Instant::now()), 5 * SECOND);
    }
}
