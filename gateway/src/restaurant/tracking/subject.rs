//! An order and its caller, which together identify an answer.

use std::sync::Arc;

use actix_web::http::header::{AUTHORIZATION, HeaderMap};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::http::segment::is_one_segment;

/// Everything but the unreserved characters of RFC 3986 §2.3, so that an id is safe anywhere in a
/// target.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// An order's id, however the client has escaped it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct OrderId {
    plain: Arc<str>,
    encoded: Arc<str>,
}

impl OrderId {
    /// `None` if it could lead an upstream to another path.
    pub(crate) fn parse(segment: &str) -> Option<Self> {
        if !is_one_segment(segment) {
            return None;
        }
        let plain = percent_decode_str(segment).decode_utf8().ok()?;
        Some(Self {
            encoded: utf8_percent_encode(&plain, RESERVED).to_string().into(),
            plain: plain.into(),
        })
    }

    /// The id as a service's answer writes it.
    pub(crate) fn plain(&self) -> &str {
        &self.plain
    }

    /// The id as a target writes it.
    pub(crate) fn encoded(&self) -> &str {
        &self.encoded
    }
}

/// An order for one caller. One caller's answer is not for another, since the services may judge
/// the token.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Subject {
    pub(crate) id: OrderId,
    /// The bytes of `Authorization`, which are passed on.
    pub(crate) authorization: Option<Arc<[u8]>>,
}

impl Subject {
    pub(crate) fn of(id: OrderId, fields: &HeaderMap) -> Self {
        let authorization = fields.get(AUTHORIZATION);
        Self {
            id,
            authorization: authorization.map(|value| value.as_bytes().into()),
        }
    }

    /// The bytes that it takes.
    pub(crate) fn size(&self) -> usize {
        let token = self.authorization.as_ref().map_or(0, |token| token.len());
        self.id.plain.len() + self.id.encoded.len() + token
    }
}

#[cfg(test)]
mod tests {
    use super::OrderId;

    #[test]
    fn an_id_is_the_same_however_it_is_escaped() {
        let id = OrderId::parse("caf%C3%A9-1%32").unwrap();
        assert_eq!(id.plain(), "café-12");
        assert_eq!(id.encoded(), "caf%C3%A9-12");
        assert_eq!(OrderId::parse("caf%c3%a9-12"), Some(id));
    }

    #[test]
    fn anything_but_a_single_segment_is_refused() {
        for bad in ["..", "a%2Fb", "%", "%00", ""] {
            assert_eq!(OrderId::parse(bad), None, "{bad}");
        }
    }
}
