//! One stored answer, in as few bytes as it takes.

use std::time::{Duration, Instant};

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::web::Bytes;

use super::storing::Reuse;

/// What a field takes beside its bytes: two handles in a list, and a name that is not a well-known one has an
/// allocation of its own.
const PER_FIELD: usize = size_of::<(HeaderName, HeaderValue)>() + 32;

#[derive(Debug)]
pub(crate) struct Copy {
    pub(super) status: StatusCode,
    pub(super) fields: Box<[(HeaderName, HeaderValue)]>,
    pub(super) body: Bytes,
    pub(super) taken: Instant,
    pub(super) reuse: Reuse,
    /// Whether the upstream said how old it was.
    pub(super) has_age: bool,
    /// Of its target when it was asked for: another one since then means that it is out of date.
    pub(super) generation: u64,
    /// Of its row: another one means that it is not fresh any more.
    pub(super) epoch: u64,
}

/// How long an answer has been stored, and will be of use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stored {
    /// It is served, and the upstream is not asked.
    pub(crate) is_fresh: bool,
    /// Since it arrived.
    pub(crate) held: Duration,
    /// Until it may not stand in for another answer any more.
    pub(crate) left: Duration,
}

impl Copy {
    pub(super) fn stored(&self, is_fresh: bool, now: Instant) -> Stored {
        let held = now.saturating_duration_since(self.taken);
        let whole = self.reuse.fresh.saturating_add(self.reuse.stale_if_error);
        Stored {
            is_fresh,
            held,
            left: whole.saturating_sub(held),
        }
    }

    pub(crate) fn age(&self, now: Instant) -> Duration {
        self.reuse.age + now.saturating_duration_since(self.taken)
    }

    pub(super) fn is_fresh(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.taken) < self.reuse.fresh
    }

    /// Whether it may stand in for an answer that does not come.
    pub(super) fn stands_in(&self, now: Instant) -> bool {
        let Reuse {
            fresh,
            stale_if_error,
            ..
        } = self.reuse;
        !stale_if_error.is_zero()
            && now.saturating_duration_since(self.taken) < fresh.saturating_add(stale_if_error)
    }

    /// Whole seconds for which it is fresh still, or has not been.
    pub(super) fn ttl(&self, now: Instant) -> i64 {
        let (since, fresh) = (now.saturating_duration_since(self.taken), self.reuse.fresh);
        let seconds = |duration: Duration| i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
        match fresh.checked_sub(since) {
            Some(left) => seconds(left),
            None => -seconds(since.saturating_sub(fresh)),
        }
    }

    /// Bytes that it takes, without the allocator's rounding.
    pub(super) fn size(&self) -> usize {
        let fields = self.fields.iter();
        let fields = fields.map(|(name, value)| PER_FIELD + name.as_str().len() + value.len());
        size_of::<Self>() + self.body.len() + fields.sum::<usize>()
    }

    pub(super) fn field(&self, wanted: &HeaderName) -> Option<&HeaderValue> {
        let mut fields = self.fields.iter();
        fields.find_map(|(name, value)| (name == wanted).then_some(value))
    }
}

/// The fields to store: all but `Age`, which is counted on. Their values are cut out of one allocation of their own: as
/// they came, each may hold the whole buffer that the head was read into.
pub(super) fn stored_fields(fields: &HeaderMap) -> Box<[(HeaderName, HeaderValue)]> {
    let stored = || fields.iter().filter(|(name, _)| **name != header::AGE);
    let length = stored().map(|(_, value)| value.len()).sum();
    let mut values = Vec::with_capacity(length);
    stored().for_each(|(_, value)| values.extend_from_slice(value.as_bytes()));
    let mut values = Bytes::from(values);
    stored()
        .map(|(name, value)| {
            let own = values.split_to(value.len());
            // What was a value is one.
            let own = HeaderValue::from_maybe_shared(own).unwrap_or_else(|_| value.clone());
            (name.clone(), own)
        })
        .collect()
}
