//! The queue for the hashing threads.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use service_kit::client_address::ClientAddress;
use tokio::sync::oneshot;

use super::turns::{Entry, Limits, Refusal, Turns, WaiterId};

/// Clones are the same queue.
#[derive(Clone)]
pub(super) struct Queue(Arc<Mutex<State>>);

struct State {
    turns: Turns<ClientAddress>,
    waiting: HashMap<WaiterId, oneshot::Sender<Permit>>,
}

/// Held by the hashing thread, so a client that disconnects does not free a thread that is still
/// busy. Dropping it gives the next turn.
pub(super) struct Permit(Queue);

impl Queue {
    pub(super) fn new(limits: Limits) -> Self {
        Self(Arc::new(Mutex::new(State {
            turns: Turns::new(limits),
            waiting: HashMap::new(),
        })))
    }

    /// Waits for a turn.
    ///
    /// # Errors
    /// Too many wait already; this fails at once.
    pub(super) async fn enter(&self, client: Option<ClientAddress>) -> Result<Permit, Refusal> {
        let (waiting, turn) = {
            let mut state = self.lock();
            let ticket = match state.turns.enter(client)? {
                Entry::Runs => return Ok(Permit(self.clone())),
                Entry::Waits(ticket) => ticket,
            };
            let (sender, turn) = oneshot::channel();
            state.waiting.insert(ticket, sender);
            (Waiting(self, ticket), turn)
        };
        let permit = turn.await;
        drop(waiting);
        // A sender is dropped only with its receiver.
        permit.map_err(|_dropped| Refusal::Full)
    }

    /// A panic elsewhere leaves the turns consistent: none of their steps panics.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let next = {
            let mut state = self.0.lock();
            let ticket = state.turns.end();
            ticket.and_then(|ticket| state.waiting.remove(&ticket))
        };
        if let Some(next) = next {
            // If the receiver has given up, this drops the permit, and the next one gets it.
            drop(next.send(Permit(self.0.clone())));
        }
    }
}

/// Leaves the queue when it is dropped, as when its client disconnects.
struct Waiting<'a>(&'a Queue, WaiterId);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        if state.waiting.remove(&self.1).is_some() {
            state.turns.leave(self.1);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::{Limits, Queue, Refusal};

    fn queue() -> Queue {
        Queue::new(Limits {
            running: 1,
            waiting: 2,
            per_client: 2,
        })
    }

    #[actix_web::test]
    async fn a_turn_is_passed_on_when_the_one_before_ends() {
        let queue = queue();
        let first = queue.enter(None).await.ok().unwrap();
        let mut second = Box::pin(queue.enter(None));
        assert!(second.as_mut().now_or_never().is_none());
        drop(first);
        assert!(second.await.is_ok());
    }

    #[actix_web::test]
    async fn a_client_that_disconnects_frees_its_place_in_the_queue() {
        let queue = queue();
        let first = queue.enter(None).await.ok().unwrap();
        let mut waiting = [(); 2].map(|()| Box::pin(queue.enter(None)));
        for each in &mut waiting {
            assert!(each.as_mut().now_or_never().is_none());
        }
        let refused = queue.enter(None).await.err();
        assert_eq!(refused, Some(Refusal::Full));
        let [gives_up, stays] = waiting;
        drop(gives_up);
        let mut late = Box::pin(queue.enter(None));
        assert!(late.as_mut().now_or_never().is_none());
        drop(first);
        // The turn came, but the client disconnected before it knew.
        drop(stays);
        assert!(late.await.is_ok());
    }
}
