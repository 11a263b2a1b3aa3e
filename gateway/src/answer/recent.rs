//! The latest requests that ended, noted while a page is open.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use shared_types::value::Timestamp;

/// The most requests between two events. Further ones are only in the counters: nobody reads that
/// fast.
const MOST: usize = 50;

#[derive(Debug, Default)]
pub(crate) struct Recent {
    /// How many more are noted until the next event; 0 while no page is open.
    room: AtomicUsize,
    seen: Mutex<Vec<Seen>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Seen {
    pub(crate) at: Timestamp,
    pub(crate) method: String,
    pub(crate) route: Arc<str>,
    pub(crate) status: u16,
    pub(crate) ms: f64,
    pub(crate) upstream: Option<Arc<str>>,
    /// The part of `ms` that upstreams were waited for.
    pub(crate) upstream_ms: Option<f64>,
    /// The sender, unless it is the public.
    pub(crate) asker: Option<&'static str>,
    pub(crate) outcome: &'static str,
    pub(crate) degraded: Option<&'static str>,
    pub(crate) code: Option<&'static str>,
    pub(crate) bytes: u64,
    pub(crate) request_id: String,
    /// Only if its spans are recorded.
    pub(crate) trace_id: Option<String>,
}

impl Recent {
    /// Notes a request, unless no page is open or enough were noted.
    pub(crate) fn note(&self, seen: impl FnOnce() -> Seen) {
        if self.room.load(Ordering::Relaxed) == 0 {
            return;
        }
        let took = self
            .room
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |room| {
                room.checked_sub(1)
            });
        if took.is_ok() {
            self.lock().push(seen());
        }
    }

    /// Returns the noted requests, and goes on noting.
    pub(crate) fn take(&self) -> Vec<Seen> {
        let seen = std::mem::take(&mut *self.lock());
        self.room.store(MOST, Ordering::Relaxed);
        seen
    }

    /// Stops noting: no page is open any more.
    pub(crate) fn stop(&self) {
        self.room.store(0, Ordering::Relaxed);
        self.lock().clear();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Seen>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use shared_types::value::Timestamp;

    use super::{MOST, Recent, Seen};

    fn seen() -> Seen {
        Seen {
            at: Timestamp::from_millis(0).unwrap(),
            method: "GET".to_owned(),
            route: "/".into(),
            status: 200,
            ms: 0.1,
            upstream: None,
            upstream_ms: None,
            asker: None,
            outcome: "complete",
            degraded: None,
            code: None,
            bytes: 0,
            request_id: String::new(),
            trace_id: None,
        }
    }

    #[test]
    fn nothing_is_noted_while_no_page_is_open() {
        let recent = Recent::default();
        recent.note(|| panic!("nobody looks"));
        assert!(recent.take().is_empty());
        recent.note(seen);
        recent.stop();
        recent.note(|| panic!("nobody looks any more"));
        assert!(recent.take().is_empty());
    }

    #[test]
    fn a_rush_is_noted_up_to_a_bound() {
        let recent = Recent::default();
        recent.take();
        (0..2 * MOST).for_each(|_| recent.note(seen));
        assert_eq!(recent.take().len(), MOST);
        recent.note(seen);
        assert_eq!(recent.take().len(), 1);
    }
}
