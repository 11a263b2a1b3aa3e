//! The permits of one upstream, and the requests that wait for one.
//!
//! A permit that becomes free is taken for the next request that may have it, critical ones first,
//! and handed to its queue. So nobody who comes later gets it.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

use crate::resilience::guard::places::Places;
use crate::resilience::priority::{Priorities, Priority};

pub(super) struct Permits {
    places: Places,
    /// Critical requests wait in the first one, normal ones in the second.
    queues: [Queue; 2],
}

/// The requests of one priority that wait.
struct Queue {
    priority: Priority,
    /// Those for whom no permit was taken yet.
    waiting: AtomicUsize,
    /// The permits that were taken for requests that have left.
    surplus: AtomicUsize,
    /// The permits that were taken for the requests in this queue, first come first served.
    handed: Semaphore,
}

/// A request that waits in the queue of its priority. Dropping it leaves the queue without a permit.
struct Queued<'p> {
    permits: &'p Permits,
    queue: &'p Queue,
}

impl Permits {
    pub(super) fn new(limit: usize, priorities: Priorities) -> Self {
        let queue = |priority| Queue {
            priority,
            waiting: AtomicUsize::new(0),
            surplus: AtomicUsize::new(0),
            handed: Semaphore::new(0),
        };
        Self {
            places: Places::new(limit, priorities),
            queues: [Priority::Critical, Priority::Normal].map(queue),
        }
    }

    pub(super) fn limit(&self) -> usize {
        self.places.limit()
    }

    /// Allows this many from now on.
    pub(super) fn set_limit(&self, limit: usize) {
        self.places.set_limit(limit);
        while self.hand_on() {}
    }

    pub(super) fn held(&self) -> usize {
        self.places.held()
    }

    /// Takes one, if the priority may have it now.
    pub(super) fn take(&self, priority: Priority) -> bool {
        self.places.take(priority)
    }

    pub(super) fn give_back(&self, priority: Priority) {
        self.places.give_back(priority);
        self.hand_on();
    }

    /// Waits for one until `end`. A sheddable request does not wait. Returns whether it got one.
    pub(super) async fn wait(&self, priority: Priority, end: Instant) -> bool {
        let mut queues = self.queues.iter();
        let Some(queue) = queues.find(|queue| queue.priority == priority) else {
            return self.take(priority);
        };
        let queued = Queued::join(self, queue);
        // One may have become free since the first try.
        self.hand_on();
        match timeout_at(end, queue.handed.acquire()).await {
            Ok(Ok(permit)) => {
                permit.forget();
                std::mem::forget(queued);
                true
            }
            Ok(Err(_)) | Err(_) => false,
        }
    }

    /// Takes a permit for the next request that waits and may have it. Returns whether there was
    /// one.
    fn hand_on(&self) -> bool {
        let waiting = |queue: &&Queue| queue.waiting.load(Ordering::SeqCst) > 0;
        let mut queues = self.queues.iter().filter(waiting);
        let Some(queue) = queues.find(|queue| self.places.take(queue.priority)) else {
            return false;
        };
        if !count_down(&queue.waiting) {
            // The last one has just left.
            self.places.give_back(queue.priority);
            return self.hand_on();
        }
        queue.handed.add_permits(1);
        self.take_back(queue);
        true
    }

    /// Takes back what was handed to requests that had left.
    fn take_back(&self, queue: &Queue) {
        while count_down(&queue.surplus) {
            let Ok(permit) = queue.handed.try_acquire() else {
                // It is about to be handed, and whoever hands it takes it back, unless it was handed
                // just now.
                queue.surplus.fetch_add(1, Ordering::SeqCst);
                if queue.handed.available_permits() == 0 {
                    return;
                }
                continue;
            };
            permit.forget();
            self.places.give_back(queue.priority);
        }
    }
}

/// Counts one less, unless there is none.
fn count_down(counter: &AtomicUsize) -> bool {
    let counted = counter.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |count| {
        count.checked_sub(1)
    });
    counted.is_ok()
}

impl<'p> Queued<'p> {
    fn join(permits: &'p Permits, queue: &'p Queue) -> Self {
        queue.waiting.fetch_add(1, Ordering::SeqCst);
        Self { permits, queue }
    }
}

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        if !count_down(&self.queue.waiting) {
            self.queue.surplus.fetch_add(1, Ordering::SeqCst);
            self.permits.take_back(self.queue);
        }
        // What was taken back, or was not for this one, may be for another.
        self.permits.hand_on();
    }
}
