//! Remembers whether every order that this service was told of was taken. No I/O.
//!
//! A full service takes no new order, and its sender need not repeat the event: the service notes
//! that there are more orders and asks for them, the oldest first, once it has room. Until it has
//! all of them, a new order waits behind the older ones.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use shared_types::id::OrderId;
use shared_types::order::Order;
use shared_types::value::Timestamp;
use tokio::sync::Notify;

use crate::local::Admission;

/// An order's age, by which the order service sorts its list.
pub(crate) type Age = (Timestamp, OrderId);

pub(crate) fn age(order: &Order) -> Age {
    (order.created_at, order.id)
}

#[derive(Debug, Default)]
pub(crate) struct Intake {
    /// Set when there is no room, cleared when every order is known again.
    is_full: AtomicBool,
    /// The oldest order that was not taken since the last [`take_missed`](Self::take_missed).
    missed: Mutex<Option<Age>>,
    notify: Notify,
}

impl Intake {
    pub(crate) fn is_full(&self) -> bool {
        self.is_full.load(Ordering::Relaxed)
    }

    /// Whether an event may add a new order.
    pub(crate) fn admission(&self) -> Admission {
        if self.is_full() {
            Admission::Closed
        } else {
            Admission::Open
        }
    }

    /// Notes that there was no room for an order.
    pub(crate) fn fill(&self) {
        if !self.is_full.swap(true, Ordering::Relaxed) {
            log::warn!(
                "there is no room for another order: the other open orders wait at the order service, the oldest comes first"
            );
        }
    }

    /// Notes that the order of an event was not taken.
    pub(crate) fn miss(&self, order: &Order) {
        let mut missed = self.missed();
        let age = age(order);
        *missed = Some(missed.map_or(age, |oldest| oldest.min(age)));
        self.fill();
        self.notify.notify_one();
    }

    /// The oldest order that was missed, if any.
    pub(crate) fn take_missed(&self) -> Option<Age> {
        self.missed().take()
    }

    /// Clears `is_full` unless an order was missed meanwhile. Returns whether every order is known.
    pub(crate) fn conclude(&self) -> bool {
        let missed = self.missed();
        let is_complete = missed.is_none();
        if is_complete {
            self.is_full.store(false, Ordering::Relaxed);
        }
        is_complete
    }

    pub(crate) async fn until_missed(&self) {
        while self.missed().is_none() {
            self.notify.notified().await;
        }
    }

    fn missed(&self) -> MutexGuard<'_, Option<Age>> {
        self.missed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
