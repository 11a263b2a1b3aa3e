//! Turns at what writers lock: of those in this process that write the same thing, one at a time has a connection.
//!
//! A server that is asked to write a locked row keeps the connection until it has the lock. Without turns, the requests for
//! one row that somebody else holds take every connection, and requests for any other row find none. The others would
//! have to wait for the row anyway; here they wait without a connection.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::{Mutex as Row, OwnedMutexGuard};

/// Who has a turn, and who waits for one, by key. A key that nobody uses is forgotten.
#[derive(Debug, Default)]
pub(super) struct Turns(Mutex<HashMap<String, Weak<Row<()>>>>);

/// Gives the next its turn when it is dropped.
#[derive(Debug)]
pub struct Turn {
    /// Released before the place is given up.
    _row: Option<OwnedMutexGuard<()>>,
    _place: Option<Place>,
}

/// Somebody who waits for a row or has it.
#[derive(Debug)]
struct Place {
    turns: Arc<Turns>,
    key: String,
    row: Arc<Row<()>>,
}

impl Turn {
    /// For a database where all writers queue for one connection.
    pub(super) fn not_needed() -> Self {
        Self {
            _row: None,
            _place: None,
        }
    }
}

impl Turns {
    /// Waits in order of arrival. Nothing where `patience` is over first.
    pub(super) async fn take(self: &Arc<Self>, key: &str, patience: Duration) -> Option<Turn> {
        let place = self.place(key);
        let row = Arc::clone(&place.row).lock_owned();
        let row = tokio::time::timeout(patience, row).await.ok()?;
        Some(Turn {
            _row: Some(row),
            _place: Some(place),
        })
    }

    fn place(self: &Arc<Self>, key: &str) -> Place {
        let mut rows = self.rows();
        let row = match rows.get(key).and_then(Weak::upgrade) {
            Some(row) => row,
            None => {
                let row = Arc::default();
                rows.insert(key.to_owned(), Arc::downgrade(&row));
                row
            }
        };
        Place {
            turns: Arc::clone(self),
            key: key.to_owned(),
            row,
        }
    }

    fn rows(&self) -> MutexGuard<'_, HashMap<String, Weak<Row<()>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut rows = self.turns.rows();
        // Nobody can join meanwhile: joining takes the same lock.
        if Arc::strong_count(&self.row) == 1 {
            rows.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use futures_util::FutureExt as _;

    use super::Turns;

    const PATIENCE: Duration = Duration::from_secs(1);

    #[tokio::test]
    async fn one_at_a_time_has_a_key_and_the_next_gets_it_when_it_is_given_up() {
        let turns = Arc::new(Turns::default());
        let first = turns.take("order", PATIENCE).await.unwrap();
        let mut second = Box::pin(turns.take("order", PATIENCE));
        assert!((&mut second).now_or_never().is_none());
        drop(first);
        assert!(second.await.is_some());
    }

    #[tokio::test]
    async fn keys_do_not_wait_for_each_other() {
        let turns = Arc::new(Turns::default());
        let _order = turns.take("order", PATIENCE).await.unwrap();
        let other = turns.take("other", PATIENCE).now_or_never();
        assert!(other.flatten().is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_too_long_gets_no_turn() {
        let turns = Arc::new(Turns::default());
        let _held = turns.take("order", PATIENCE).await.unwrap();
        assert!(turns.take("order", PATIENCE).await.is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn a_key_that_nobody_uses_is_forgotten() {
        let turns = Arc::new(Turns::default());
        let held = turns.take("order", PATIENCE).await.unwrap();
        assert!(turns.take("order", PATIENCE).await.is_none());
        let mut waiting = Box::pin(turns.take("order", PATIENCE));
        assert!((&mut waiting).now_or_never().is_none());
        drop(held);
        assert_eq!(turns.rows().len(), 1);
        drop(waiting);
        assert!(turns.rows().is_empty());
    }
}
