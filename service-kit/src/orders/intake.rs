//! Whether a service has taken all that it was told. No I/O.
//!
//! One that is full takes no further order, and does not have its sender try again and again either: it makes a note that
//! there is more, and asks for it, the oldest first, as soon as it has room. Until it has all, a new order that is told
//! waits its turn behind those that are older.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use shared_types::id::OrderId;
use shared_types::order::Order;
use shared_types::value::Timestamp;
use tokio::sync::Notify;

use super::Admission;

/// An order's age. The order service lists by it.
pub(super) type Age = (Timestamp, OrderId);

pub(super) fn age(order: &Order) -> Age {
    (order.created_at, order.id)
}

#[derive(Debug, Default)]
pub(super) struct Intake {
    /// Since there was no room, until all is known again.
    is_full: AtomicBool,
    /// The oldest of the orders that were told and not taken, since it was last asked for.
    missed: Mutex<Option<Age>>,
    told: Notify,
}

impl Intake {
    pub(super) fn is_full(&self) -> bool {
        self.is_full.load(Ordering::Relaxed)
    }

    /// Whether a new order may be added by whoever tells of it.
    pub(super) fn admission(&self) -> Admission {
        if self.is_full() {
            Admission::Closed
        } else {
            Admission::Open
        }
    }

    /// There was no room for an order.
    pub(super) fn fill(&self) {
        if !self.is_full.swap(true, Ordering::Relaxed) {
            log::warn!(
                "there is no room for another order: what else is open waits at the order service, the oldest comes first"
            );
        }
    }

    /// Somebody told of an order that was not taken.
    pub(super) fn miss(&self, order: &Order) {
        let mut missed = self.missed();
        let age = age(order);
        *missed = Some(missed.map_or(age, |oldest| oldest.min(age)));
        self.fill();
        self.told.notify_one();
    }

    /// What is to be asked for, if only from there on: nothing where nothing was missed.
    pub(super) fn take_missed(&self) -> Option<Age> {
        self.missed().take()
    }

    /// All is known that the order service has told of: true, unless something was missed meanwhile.
    pub(super) fn conclude(&self) -> bool {
        let missed = self.missed();
        let is_all = missed.is_none();
        if is_all {
            self.is_full.store(false, Ordering::Relaxed);
        }
        is_all
    }

    pub(super) async fn until_missed(&self) {
        while self.missed().is_none() {
            self.told.notified().await;
        }
    }

    fn missed(&self) -> MutexGuard<'_, Option<Age>> {
        self.missed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
