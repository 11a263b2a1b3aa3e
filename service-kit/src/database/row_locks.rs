//! Lets one request of this process at a time write a given row.
//!
//! A request that writes a row which is locked at the server keeps its connection until it gets the
//! lock. Without these locks, the requests for one locked row would take every connection, and
//! requests for other rows would find none. With them, all but one wait without a connection.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::{Mutex as RowMutex, OwnedMutexGuard};

/// The rows that are locked or waited for, by key. A key that nobody uses is removed.
#[derive(Debug, Default)]
pub(super) struct RowLocks(Mutex<HashMap<String, Weak<RowMutex<()>>>>);

/// Releases the row to the next request when it is dropped.
#[derive(Debug)]
pub struct RowLock {
    /// Dropped first: it is declared before the waiter.
    _guard: Option<OwnedMutexGuard<()>>,
    _waiter: Option<Waiter>,
}

/// A request that waits for a row or holds it.
#[derive(Debug)]
struct Waiter {
    locks: Arc<RowLocks>,
    key: String,
    row: Arc<RowMutex<()>>,
}

impl RowLock {
    /// For SQLite, where all writers queue for one connection.
    pub(super) fn not_needed() -> Self {
        Self {
            _guard: None,
            _waiter: None,
        }
    }
}

impl RowLocks {
    /// Waits in order of arrival. `None` when `timeout` is over first.
    pub(super) async fn lock(self: &Arc<Self>, key: &str, timeout: Duration) -> Option<RowLock> {
        let waiter = self.waiter(key);
        let guard = Arc::clone(&waiter.row).lock_owned();
        let guard = tokio::time::timeout(timeout, guard).await.ok()?;
        Some(RowLock {
            _guard: Some(guard),
            _waiter: Some(waiter),
        })
    }

    fn waiter(self: &Arc<Self>, key: &str) -> Waiter {
        let mut rows = self.rows();
        let row = match rows.get(key).and_then(Weak::upgrade) {
            Some(row) => row,
            None => {
                let row = Arc::default();
                rows.insert(key.to_owned(), Arc::downgrade(&row));
                row
            }
        };
        Waiter {
            locks: Arc::clone(self),
            key: key.to_owned(),
            row,
        }
    }

    fn rows(&self) -> MutexGuard<'_, HashMap<String, Weak<RowMutex<()>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        let mut rows = self.locks.rows();
        // No other request can join meanwhile: joining takes the same lock.
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

    use super::RowLocks;

    const TIMEOUT: Duration = Duration::from_secs(1);

    #[tokio::test]
    async fn a_key_is_held_once_and_passes_on_when_it_is_released() {
        let locks = Arc::new(RowLocks::default());
        let first = locks.lock("order", TIMEOUT).await.unwrap();
        let mut second = Box::pin(locks.lock("order", TIMEOUT));
        assert!((&mut second).now_or_never().is_none());
        drop(first);
        assert!(second.await.is_some());
    }

    #[tokio::test]
    async fn different_keys_do_not_wait_for_each_other() {
        let locks = Arc::new(RowLocks::default());
        let _order = locks.lock("order", TIMEOUT).await.unwrap();
        let other = locks.lock("other", TIMEOUT).now_or_never();
        assert!(other.flatten().is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_waits_too_long_gets_no_lock() {
        let locks = Arc::new(RowLocks::default());
        let _held = locks.lock("order", TIMEOUT).await.unwrap();
        assert!(locks.lock("order", TIMEOUT).await.is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn a_key_that_nobody_uses_is_removed() {
        let locks = Arc::new(RowLocks::default());
        let held = locks.lock("order", TIMEOUT).await.unwrap();
        assert!(locks.lock("order", TIMEOUT).await.is_none());
        let mut waiting = Box::pin(locks.lock("order", TIMEOUT));
        assert!((&mut waiting).now_or_never().is_none());
        drop(held);
        assert_eq!(locks.rows().len(), 1);
        drop(waiting);
        assert!(locks.rows().is_empty());
    }
}
