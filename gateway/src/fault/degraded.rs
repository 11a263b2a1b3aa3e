//! `X-Degraded`: the mark of an answer that is not what it would be were everything well.

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};

const X_DEGRADED: HeaderName = HeaderName::from_static("x-degraded");

/// What stood in for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Degraded {
    Stale,
    Partial,
    Fallback,
}

impl Degraded {
    pub(crate) const ALL: [Self; 3] = [Self::Stale, Self::Partial, Self::Fallback];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Stale => "stale",
            Self::Partial => "partial",
            Self::Fallback => "fallback",
        }
    }

    pub(crate) fn mark(self, fields: &mut HeaderMap) {
        fields.insert(X_DEGRADED, HeaderValue::from_static(self.as_str()));
    }

    /// A value that an upstream has made up is none.
    pub(crate) fn of(fields: &HeaderMap) -> Option<Self> {
        let value = fields.get(X_DEGRADED)?;
        let mut all = Self::ALL.into_iter();
        all.find(|kind| kind.as_str().as_bytes() == value.as_bytes())
    }
}

/// Whether there is a mark, whoever has made it.
pub(crate) fn is_marked(fields: &HeaderMap) -> bool {
    fields.contains_key(X_DEGRADED)
}
