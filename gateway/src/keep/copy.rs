//! One answer that is kept.

use std::time::{Duration, Instant};

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::web::Bytes;

#[derive(Debug)]
pub(crate) struct Copy {
    pub(super) status: StatusCode,
    pub(super) fields: Vec<(HeaderName, HeaderValue)>,
    pub(super) body: Bytes,
    pub(super) taken: Instant,
    /// How old it was by then (RFC 9111 §4.2.3).
    pub(super) age_then: Duration,
    pub(super) fresh: Duration,
    pub(super) stale_if_error: Duration,
}

impl Copy {
    pub(crate) fn age(&self, now: Instant) -> Duration {
        self.age_then + now.saturating_duration_since(self.taken)
    }

    /// Whole seconds for which it is fresh still, or has not been.
    pub(super) fn ttl(&self, now: Instant) -> i64 {
        let since = now.saturating_duration_since(self.taken);
        let seconds = |duration: Duration| i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
        match self.fresh.checked_sub(since) {
            Some(left) => seconds(left),
            None => -seconds(since.saturating_sub(self.fresh)),
        }
    }

    /// Bytes that it takes.
    pub(super) fn size(&self) -> usize {
        let fields = self.fields.iter();
        let fields = fields.map(|(name, value)| name.as_str().len() + value.len());
        size_of::<Self>() + self.body.len() + fields.sum::<usize>()
    }
}
