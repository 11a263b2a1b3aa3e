//! `X-Degraded`: marks an answer that would be another one if all were well.

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};

const X_DEGRADED: HeaderName = HeaderName::from_static("x-degraded");

/// How an answer is degraded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Degraded {
    Stale,
    Partial,
    Fallback,
    /// The request is kept and will be delivered later.
    Deferred,
}

impl Degraded {
    pub(crate) const ALL: [Self; 4] = [Self::Stale, Self::Partial, Self::Fallback, Self::Deferred];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Stale => "stale",
            Self::Partial => "partial",
            Self::Fallback => "fallback",
            Self::Deferred => "deferred",
        }
    }

    pub(crate) fn mark(self, fields: &mut HeaderMap) {
        fields.insert(X_DEGRADED, HeaderValue::from_static(self.as_str()));
    }

    /// The mark of an answer, if it is one that the gateway knows.
    pub(crate) fn of(fields: &HeaderMap) -> Option<Self> {
        let value = fields.get(X_DEGRADED)?;
        let mut all = Self::ALL.into_iter();
        all.find(|kind| kind.as_str().as_bytes() == value.as_bytes())
    }
}

/// Whether there is a mark, even one that the gateway does not know.
pub(crate) fn is_marked(fields: &HeaderMap) -> bool {
    fields.contains_key(X_DEGRADED)
}
