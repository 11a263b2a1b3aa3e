//! How many requests may be under way to one upstream at once, and how many may wait for their turn.
//!
//! A slow upstream then holds a stated number of connections and no more. The wait is short and the queue bounded: a
//! client is better told to come back than kept.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError};
use tokio::time::timeout;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct GateSettings {
    /// At once.
    pub(crate) concurrency: usize,
    /// How many may wait.
    pub(crate) queue: usize,
    /// How long.
    pub(crate) wait: Duration,
}

pub(super) struct Gate {
    settings: GateSettings,
    places: Arc<Semaphore>,
    waiting: AtomicUsize,
}

/// A place among what is in flight, until it is dropped.
#[derive(Debug)]
pub(crate) struct Pass(#[expect(dead_code, reason = "held, not read")] OwnedSemaphorePermit);

/// No place was free, and none became so in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Overloaded;

/// One of those who wait.
struct Waiting<'g>(&'g AtomicUsize);

impl Gate {
    pub(super) fn new(settings: GateSettings) -> Self {
        Self {
            settings,
            places: Arc::new(Semaphore::new(settings.concurrency)),
            waiting: AtomicUsize::new(0),
        }
    }

    pub(super) async fn enter(&self) -> Result<Pass, Overloaded> {
        match Arc::clone(&self.places).try_acquire_owned() {
            Ok(place) => return Ok(Pass(place)),
            Err(TryAcquireError::NoPermits) => {}
            Err(TryAcquireError::Closed) => return Err(Overloaded),
        }
        let _waiting = Waiting::join(&self.waiting, self.settings.queue)?;
        let place = Arc::clone(&self.places).acquire_owned();
        match timeout(self.settings.wait, place).await {
            Ok(Ok(place)) => Ok(Pass(place)),
            Ok(Err(_)) | Err(_) => Err(Overloaded),
        }
    }

    pub(super) fn in_flight(&self) -> usize {
        self.settings
            .concurrency
            .saturating_sub(self.places.available_permits())
    }
}

impl<'g> Waiting<'g> {
    fn join(waiting: &'g AtomicUsize, most: usize) -> Result<Self, Overloaded> {
        let joined = waiting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |count| {
            (count < most).then_some(count + 1)
        });
        joined.map(|_| Self(waiting)).or(Err(Overloaded))
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::FutureExt as _;
    use tokio::time::Instant;

    use super::{Gate, GateSettings, Overloaded};

    const WAIT: Duration = Duration::from_millis(100);

    fn gate() -> Gate {
        Gate::new(GateSettings {
            concurrency: 1,
            queue: 1,
            wait: WAIT,
        })
    }

    #[tokio::test]
    async fn who_waits_gets_the_place_that_becomes_free() {
        let gate = gate();
        let first = gate.enter().await.unwrap();
        assert_eq!(gate.in_flight(), 1);
        let mut second = std::pin::pin!(gate.enter());
        assert!(second.as_mut().now_or_never().is_none());
        drop(first);
        let _second = second.await.unwrap();
        assert_eq!(gate.in_flight(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_longer_than_told() {
        let gate = gate();
        let _first = gate.enter().await.unwrap();
        let began = Instant::now();
        assert_eq!(gate.enter().await.unwrap_err(), Overloaded);
        assert_eq!(began.elapsed(), WAIT);
    }

    #[tokio::test]
    async fn a_full_queue_refuses_at_once_and_who_gives_up_leaves_it() {
        let gate = gate();
        let _first = gate.enter().await.unwrap();
        {
            let mut second = std::pin::pin!(gate.enter());
            assert!(second.as_mut().now_or_never().is_none());
            let third = gate.enter().now_or_never();
            assert_eq!(third.unwrap().unwrap_err(), Overloaded);
        }
        assert!(gate.enter().now_or_never().is_none());
    }
}
