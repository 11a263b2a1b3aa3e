//! Requests under way: of all that ask for one answer, one asks the upstream and the others wait
//! for it. If that one goes away, or may not ask, another one asks.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::OnceCell;

use super::key::Key;
use super::{Copy, Missed};

pub(super) type Landed = Result<Arc<Copy>, Arc<Missed>>;

/// The key and its target's generation: a request after a change does not wait for an answer that
/// was asked for before it.
type Which = (Key, u64);

type Cell = Arc<OnceCell<Landed>>;

#[derive(Default)]
pub(super) struct Flights(Mutex<HashMap<Which, Cell>>);

impl Flights {
    pub(super) fn join(&self, key: &Key, generation: u64) -> Flight<'_> {
        let which = (key.clone(), generation);
        let cell = Arc::clone(self.all().entry(which.clone()).or_default());
        Flight {
            flights: self,
            which,
            cell,
        }
    }

    fn all(&self) -> MutexGuard<'_, HashMap<Which, Cell>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.all().len()
    }
}

/// One waiting request. The flight ends for later requests when the last one leaves, or one leaves
/// after it has landed.
pub(super) struct Flight<'f> {
    flights: &'f Flights,
    which: Which,
    cell: Cell,
}

impl Flight<'_> {
    /// Returns the answer, by `ask` unless another request is asking. An error of `ask` is only for
    /// the request that asked; then another one that waits asks.
    pub(super) async fn land<F>(&self, ask: impl FnOnce() -> F) -> Landed
    where
        F: Future<Output = Result<Landed, Arc<Missed>>>,
    {
        match self.cell.get_or_try_init(ask).await {
            Ok(landed) => landed.clone(),
            Err(own) => Err(own),
        }
    }
}

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        let mut all = self.flights.all();
        // The handle in the map, and this one.
        let is_last = Arc::strong_count(&self.cell) == 2;
        if (is_last || self.cell.initialized())
            && let Some(cell) = all.get(&self.which)
            && Arc::ptr_eq(cell, &self.cell)
        {
            all.remove(&self.which);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::future::{pending, poll_fn};
    use std::pin::Pin;
    use std::sync::Arc;
    use std::task::Poll;

    use actix_web::http::header::HeaderMap;
    use futures_util::future::join_all;

    use super::{Flights, Landed};
    use crate::answer::cache::Missed;
    use crate::answer::cache::key::Key;
    use crate::answer::cache::storing::Unfit;
    use crate::answer::cache::tests::policy;
    use crate::fault::Fault;

    fn key() -> Key {
        Key::of(&policy(), "/menu", None, &HeaderMap::new()).unwrap()
    }

    /// Whether it waits, once it has begun.
    async fn waits(mut future: Pin<&mut impl Future<Output = Landed>>) -> bool {
        poll_fn(|context| Poll::Ready(future.as_mut().poll(context).is_pending())).await
    }

    fn landed() -> Landed {
        Err(Arc::new(Missed::Unfit(Unfit::Private)))
    }

    #[actix_web::test]
    async fn one_request_asks_for_all_that_wait_and_the_next_asks_again() {
        let (flights, asked) = (Flights::default(), Cell::new(0));
        for round in 1..=2 {
            let waiting = (0..5).map(|_| async {
                let flight = flights.join(&key(), 0);
                flight
                    .land(|| async {
                        asked.set(asked.get() + 1);
                        tokio::task::yield_now().await;
                        Ok(landed())
                    })
                    .await
            });
            assert!(join_all(waiting).await.iter().all(Result::is_err));
            assert_eq!((asked.get(), flights.len()), (round, 0));
        }
    }

    #[actix_web::test]
    async fn if_the_asking_request_goes_away_another_asks_and_nothing_is_left() {
        let flights = Flights::default();
        let mut gone = Box::pin(async {
            let flight = flights.join(&key(), 0);
            flight.land(|| async { pending().await }).await
        });
        assert!(waits(gone.as_mut()).await);
        let mut waiting = Box::pin(async {
            let flight = flights.join(&key(), 0);
            flight.land(|| async { Ok(landed()) }).await
        });
        assert!(waits(waiting.as_mut()).await);
        drop(gone);
        assert!(waiting.await.is_err());
        assert_eq!(flights.len(), 0);
        let mut alone = Box::pin(async {
            let flight = flights.join(&key(), 0);
            flight.land(|| async { pending().await }).await
        });
        assert!(waits(alone.as_mut()).await);
        drop(alone);
        assert_eq!(flights.len(), 0);
    }

    #[actix_web::test]
    async fn a_request_that_may_not_ask_leaves_it_to_another() {
        let flights = Flights::default();
        let own = || Arc::new(Missed::Fault(Fault::ShareUsed));
        let (one, other) = (flights.join(&key(), 0), flights.join(&key(), 0));
        let refused = one.land(|| async { Err(own()) }).await;
        assert!(matches!(*refused.unwrap_err(), Missed::Fault(_)));
        let landed = other.land(|| async { Ok(landed()) }).await;
        assert!(matches!(*landed.unwrap_err(), Missed::Unfit(_)));
    }

    #[actix_web::test]
    async fn a_request_after_a_change_does_not_wait_for_an_earlier_answer() {
        let flights = Flights::default();
        let mut before = Box::pin(async {
            let flight = flights.join(&key(), 0);
            flight.land(|| async { pending().await }).await
        });
        assert!(waits(before.as_mut()).await);
        let after = flights.join(&key(), 1);
        assert!(after.land(|| async { Ok(landed()) }).await.is_err());
    }
}
