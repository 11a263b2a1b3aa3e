//! One stored answer, in as few bytes as possible.

use std::time::{Duration, Instant};

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::web::Bytes;

use super::storing::Reuse;
use crate::answer::compression;
use crate::http::content_coding::{Coding, Encoded};

/// The bytes of a field beside its text: two handles in a list, and an allocation of its own for an
/// uncommon name.
const PER_FIELD: usize = size_of::<(HeaderName, HeaderValue)>() + 32;

/// The longest body of which compressed forms are stored: making one takes a few milliseconds at
/// most, in which other clients of the answer wait.
const LONGEST_ENCODED: usize = 256 * 1024;

/// The epoch of an answer from before the start. No row reaches it, so that the answer is never fresh.
pub(super) const RESTORED: u64 = u64::MAX;

#[derive(Debug)]
pub(crate) struct Copy {
    pub(super) status: StatusCode,
    pub(super) fields: Box<[(HeaderName, HeaderValue)]>,
    pub(super) body: Bytes,
    /// The compressed forms of the body. `None` if the answer is not to be compressed, or is so
    /// long that it is compressed anew for each client.
    pub(super) encoded: Option<Encoded>,
    pub(super) taken: Instant,
    pub(super) reuse: Reuse,
    /// Whether the upstream sent an `Age`.
    pub(super) has_age: bool,
    /// The generation of its target when it was asked for. If it has changed since, the answer is
    /// out of date.
    pub(super) generation: u64,
    /// The epoch of its row when it was asked for. If it has changed since, the answer is no longer
    /// fresh.
    pub(super) epoch: u64,
}

/// How long an answer has been stored, and how long it remains useful.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stored {
    /// Whether it is served without asking the upstream.
    pub(crate) is_fresh: bool,
    /// The time since it arrived.
    pub(crate) held: Duration,
    /// The time until it may no longer replace a missing answer.
    pub(crate) left: Duration,
}

impl Copy {
    /// The body in the coding that the client wants.
    pub(super) fn encoded_for(&self, asked: &HeaderMap) -> Option<(Coding, Bytes)> {
        let encoded = self.encoded.as_ref()?;
        let coding = compression::wanted(asked)?;
        let most = self.body.len() / 2;
        Some((coding, encoded.form(coding, &self.body, most)?))
    }

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

    /// Whether it is from before the start of the gateway.
    pub(super) fn is_restored(&self) -> bool {
        self.epoch == RESTORED
    }

    pub(super) fn is_fresh(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.taken) < self.reuse.fresh
    }

    /// Whether it may replace an answer that does not come.
    pub(super) fn stands_in(&self, now: Instant) -> bool {
        let Reuse {
            fresh,
            stale_if_error,
            ..
        } = self.reuse;
        !stale_if_error.is_zero()
            && now.saturating_duration_since(self.taken) < fresh.saturating_add(stale_if_error)
    }

    /// Whole seconds for which it stays fresh; negative once it is stale.
    pub(super) fn ttl(&self, now: Instant) -> i64 {
        let (since, fresh) = (now.saturating_duration_since(self.taken), self.reuse.fresh);
        let seconds = |duration: Duration| i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
        match fresh.checked_sub(since) {
            Some(left) => seconds(left),
            None => -seconds(since.saturating_sub(fresh)),
        }
    }

    /// The bytes that it takes, without the allocator's rounding. The compressed forms count as
    /// much as the body, before they are made: each is at most half of it.
    pub(super) fn size(&self) -> usize {
        let fields = self.fields.iter();
        let fields = fields.map(|(name, value)| PER_FIELD + name.as_str().len() + value.len());
        let bodies = 1 + usize::from(self.encoded.is_some());
        size_of::<Self>() + bodies * self.body.len() + fields.sum::<usize>()
    }

    pub(super) fn field(&self, wanted: &HeaderName) -> Option<&HeaderValue> {
        let mut fields = self.fields.iter();
        fields.find_map(|(name, value)| (name == wanted).then_some(value))
    }
}

/// Room for the compressed forms of an answer of a row with `compress = true`.
pub(super) fn encoded(status: StatusCode, fields: &HeaderMap, body: &Bytes) -> Option<Encoded> {
    let fits = compression::fits(status, fields, Some(body.len() as u64));
    (fits && body.len() <= LONGEST_ENCODED).then(Encoded::default)
}

/// The fields to store: all except `Age`, which goes on counting. Their values are slices of one
/// new allocation: the original values may each hold the whole buffer that the head was read into.
pub(super) fn stored_fields(fields: &HeaderMap) -> Box<[(HeaderName, HeaderValue)]> {
    let stored = || fields.iter().filter(|(name, _)| **name != header::AGE);
    let length = stored().map(|(_, value)| value.len()).sum();
    let mut values = Vec::with_capacity(length);
    stored().for_each(|(_, value)| values.extend_from_slice(value.as_bytes()));
    let mut values = Bytes::from(values);
    stored()
        .map(|(name, value)| {
            let own = values.split_to(value.len());
            // A copied value is always valid.
            let own = HeaderValue::from_maybe_shared(own).unwrap_or_else(|_| value.clone());
            (name.clone(), own)
        })
        .collect()
}
