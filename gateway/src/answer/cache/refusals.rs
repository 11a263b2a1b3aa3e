//! Tells which answers of a row were not stored, and why, so that a missing answer is known before
//! an outage.
//!
//! Each reason is logged once for each row. The latest is kept for the operator.

use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use super::storing::Unfit;

#[derive(Default)]
pub(super) struct Refusals {
    /// The kinds of reason that were logged.
    said: AtomicU16,
    last: Mutex<Option<Refused>>,
    /// Whether an answer of the row has been stored.
    has_stored: AtomicBool,
}

/// An answer that was not stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) reason: String,
    pub(crate) at: SystemTime,
}

impl Refusals {
    /// Records why an answer was not stored. A 4xx or 5xx needs no reason: nobody wants it in an
    /// outage.
    pub(super) fn note(&self, path: &str, unfit: &Unfit, at: SystemTime) {
        if matches!(unfit, Unfit::Status(400..)) {
            return;
        }
        self.say(path, kind(unfit), unfit.to_string(), at);
    }

    /// Records a request with credentials on a row that is not `shared`. `at` is called only the
    /// first time.
    pub(super) fn note_credentials(&self, path: &str, at: impl FnOnce() -> SystemTime) {
        if self.said.load(Ordering::Relaxed) & CREDENTIALS == 0 {
            self.say(path, CREDENTIALS, WITH_CREDENTIALS.to_owned(), at());
        }
    }

    fn say(&self, path: &str, kind: u16, reason: String, at: SystemTime) {
        if self.said.fetch_or(kind, Ordering::Relaxed) & kind == 0 {
            log::warn!(route = path; "an answer of a row with outage = \"stale\" is not stored: {reason}");
        }
        let last = self.last.lock();
        *last.unwrap_or_else(PoisonError::into_inner) = Some(Refused { reason, at });
    }

    pub(super) fn stored(&self) {
        // A load is cheaper than a store, and an answer is stored often.
        if !self.has_stored.load(Ordering::Relaxed) {
            self.has_stored.store(true, Ordering::Relaxed);
        }
    }

    pub(super) fn last(&self) -> Option<Refused> {
        let last = self.last.lock();
        last.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The latest refusal, if no answer of the row was ever stored.
    pub(super) fn whole(&self) -> Option<Refused> {
        let has_stored = self.has_stored.load(Ordering::Relaxed);
        self.last().filter(|_| !has_stored)
    }
}

const WITH_CREDENTIALS: &str = "the request has credentials, and the row is not shared";

/// The bit of [`WITH_CREDENTIALS`].
const CREDENTIALS: u16 = 1 << 10;

/// The bit of each other kind of reason.
fn kind(unfit: &Unfit) -> u16 {
    match unfit {
        Unfit::Status(_) => 1 << 0,
        Unfit::NoStore => 1 << 1,
        Unfit::Private => 1 << 2,
        Unfit::NoCache => 1 << 3,
        Unfit::NeverFresh => 1 << 4,
        Unfit::Unreadable(_) => 1 << 5,
        Unfit::SetsCookie => 1 << 6,
        Unfit::Varies(_) => 1 << 7,
        Unfit::Encoded => 1 << 8,
        Unfit::TooLarge(_) => 1 << 9,
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::{Refusals, Unfit};

    #[test]
    fn the_last_reason_is_kept_and_is_the_rows_only_if_nothing_is_stored() {
        let (refusals, now) = (Refusals::default(), SystemTime::now());
        assert_eq!(refusals.whole(), None);
        refusals.note("/menu", &Unfit::NoStore, now);
        refusals.note("/menu", &Unfit::Varies("cookie".to_owned()), now);
        let last = refusals.last().unwrap();
        assert_eq!(
            last.reason,
            "Vary: cookie, which the row's vary does not name"
        );
        assert_eq!(refusals.whole(), Some(last.clone()));
        refusals.stored();
        assert_eq!(refusals.last(), Some(last));
        assert_eq!(refusals.whole(), None);
    }

    #[test]
    fn credentials_are_noted_once() {
        let refusals = Refusals::default();
        refusals.note_credentials("/menu", SystemTime::now);
        assert!(refusals.whole().unwrap().reason.contains("credentials"));
        refusals.note_credentials("/menu", || panic!("it is noted already"));
    }

    #[test]
    fn an_error_answer_needs_no_reason() {
        let refusals = Refusals::default();
        for status in [404, 429, 500] {
            refusals.note("/menu", &Unfit::Status(status), SystemTime::now());
        }
        assert_eq!(refusals.last(), None);
        refusals.note("/menu", &Unfit::Status(301), SystemTime::now());
        assert_eq!(refusals.last().unwrap().reason, "its status is 301");
    }
}
