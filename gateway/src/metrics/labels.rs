//! The words that labels may have, each of a short list.

use actix_web::http::header::HeaderValue;

/// The classes of statuses (RFC 9110 §15).
pub(super) const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

/// The index of a status in [`CLASSES`].
pub(super) fn class(status: u16) -> usize {
    usize::from(status / 100).saturating_sub(1)
}

/// What became of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The server dropped the exchange: the client has gone.
    Gone,
    /// The upstream's answer broke off.
    Broken,
    Complete,
}

impl Outcome {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Gone => "client_gone",
            Self::Broken => "broken_off",
            Self::Complete => "complete",
        }
    }
}

/// What stood in for an answer, as `X-Degraded` says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Degraded {
    Stale,
    Partial,
    Fallback,
}

impl Degraded {
    pub(super) const ALL: [Self; 3] = [Self::Stale, Self::Partial, Self::Fallback];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Stale => "stale",
            Self::Partial => "partial",
            Self::Fallback => "fallback",
        }
    }

    /// A value that an upstream has made up is none.
    pub(crate) fn of(value: &HeaderValue) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|kind| kind.as_str().as_bytes() == value.as_bytes())
    }
}
