//! Shares one answer among requests of all workers: the first that wants it gets the duty to ask,
//! the others wait.
//!
//! If its worker goes away, the duty ends, and the next request that notices asks.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::resilience::guard::Overloaded;

/// The latest answer, once there is one.
pub(super) type Latest<A> = Option<Arc<A>>;

/// The questions under way. `K` identifies a question, `A` is the answer.
pub(super) struct Shared<K, A>(Mutex<HashMap<K, watch::Sender<Latest<A>>>>);

/// The answers as they come, and the duty to ask if nobody has it yet.
pub(super) type Joined<K, A> = (watch::Receiver<Latest<A>>, Option<Duty<K, A>>);

/// The duty to ask, which ends when it is dropped.
pub(super) struct Duty<K: Eq + Hash, A> {
    shared: Arc<Shared<K, A>>,
    pub(super) key: K,
    pub(super) latest: watch::Sender<Latest<A>>,
}

impl<K, A> Default for Shared<K, A> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Clone + Eq + Hash, A> Shared<K, A> {
    /// Waits with the others for an answer.
    ///
    /// # Errors
    /// There are already `most` questions.
    pub(super) fn join(self: &Arc<Self>, key: &K, most: usize) -> Result<Joined<K, A>, Overloaded> {
        let mut all = self.all();
        if let Some(latest) = all.get(key) {
            return Ok((latest.subscribe(), None));
        }
        if all.len() >= most {
            return Err(Overloaded);
        }
        let (latest, receiver) = watch::channel(None);
        all.insert(key.clone(), latest.clone());
        let duty = Duty {
            shared: Arc::clone(self),
            key: key.clone(),
            latest,
        };
        Ok((receiver, Some(duty)))
    }
}

impl<K, A> Shared<K, A> {
    fn all(&self) -> MutexGuard<'_, HashMap<K, watch::Sender<Latest<A>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Eq + Hash, A> Duty<K, A> {
    /// Completes when nobody waits any more. A request that begins to wait right then finds the
    /// duty gone, and takes it.
    pub(super) async fn deserted(&self) {
        self.latest.closed().await;
    }
}

impl<K: Eq + Hash, A> Drop for Duty<K, A> {
    fn drop(&mut self) {
        self.shared.all().remove(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use futures_util::FutureExt as _;

    use super::Shared;

    #[test]
    fn the_first_asks_and_tells_the_others() {
        let shared = Arc::<Shared<u32, &str>>::default();
        let (first, duty) = shared.join(&7, 9).unwrap();
        let duty = duty.unwrap();
        let (mut second, none) = shared.join(&7, 9).unwrap();
        assert!(none.is_none());
        duty.latest.send_replace(Some(Arc::new("told")));
        assert!(second.has_changed().unwrap());
        assert!(second.borrow_and_update().is_some());
        assert!(duty.deserted().now_or_never().is_none());
        drop((first, second));
        assert!(duty.deserted().now_or_never().is_some());
    }

    #[test]
    fn if_the_asking_request_goes_away_another_takes_over() {
        let shared = Arc::<Shared<u32, &str>>::default();
        let (mut receiver, duty) = shared.join(&7, 9).unwrap();
        drop(duty);
        assert!(receiver.changed().now_or_never().unwrap().is_err());
        let (_receiver, duty) = shared.join(&7, 9).unwrap();
        assert!(duty.is_some());
    }

    #[test]
    fn the_number_of_questions_is_bounded() {
        let shared = Arc::<Shared<usize, &str>>::default();
        let mut all: Vec<_> = (0..9).map(|key| shared.join(&key, 9).unwrap()).collect();
        assert!(shared.join(&9, 9).is_err());
        assert!(shared.join(&0, 9).is_ok());
        all.pop();
        assert!(shared.join(&9, 9).is_ok());
    }
}
