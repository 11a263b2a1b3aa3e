//! One closure: a span of time with a reason.

use std::time::Duration;

use shared_types::gateway::ClosureNotice;
use shared_types::text::{Lang, PerLang, Text};
use shared_types::value::Timestamp;

/// The summer's closing fits. What is closed for longer does not belong on the menu.
pub(crate) const LONGEST_DAYS: u64 = 90;

/// In characters. A reason is a sentence or two, which a page shows beside the feature.
pub(crate) const LONGEST_REASON: usize = 300;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Closure {
    from: Timestamp,
    /// The first moment that is open again.
    until: Timestamp,
    reason: Text,
}

/// Why a closure is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClosureFault {
    EndsFirst,
    TooLong,
    Reason,
}

impl Closure {
    /// # Errors
    /// The span is empty or too long, or the reason is no text that can be shown.
    pub(crate) fn new(
        from: Timestamp,
        until: Timestamp,
        reason: Text,
    ) -> Result<Self, ClosureFault> {
        if until <= from {
            return Err(ClosureFault::EndsFirst);
        }
        if until.since(from) > Duration::from_secs(LONGEST_DAYS * 86_400) {
            return Err(ClosureFault::TooLong);
        }
        if !Lang::ALL.iter().all(|lang| is_plain(reason.to(*lang))) {
            return Err(ClosureFault::Reason);
        }
        Ok(Self {
            from,
            until,
            reason,
        })
    }

    pub(crate) fn from(&self) -> Timestamp {
        self.from
    }

    pub(crate) fn until(&self) -> Timestamp {
        self.until
    }

    pub(super) fn reason(&self) -> &Text {
        &self.reason
    }

    pub(super) fn is_at(&self, now: Timestamp) -> bool {
        self.from <= now && now < self.until
    }

    pub(super) fn is_over(&self, now: Timestamp) -> bool {
        self.until <= now
    }

    /// Whether it covers a moment from `from` until `until`, both included.
    pub(super) fn overlaps(&self, (from, until): (Timestamp, Timestamp)) -> bool {
        self.from <= until && from < self.until
    }

    /// What the public is told. `until` is the end of all closures that follow one another.
    pub(super) fn notice(&self, until: Timestamp) -> ClosureNotice {
        ClosureNotice {
            from: self.from,
            until,
            reason: PerLang::of(|lang| self.reason.to(lang).to_owned()),
        }
    }
}

fn is_plain(text: &str) -> bool {
    let has_length = text.chars().count() <= LONGEST_REASON && !text.trim().is_empty();
    has_length && !text.chars().any(char::is_control)
}
