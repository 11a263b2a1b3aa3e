//! The key of an answer: the parameters of its path, and its caller.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use actix_web::http::header::{AUTHORIZATION, HeaderMap};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use shared_types::id::canonical;

use crate::http::segment::is_one_segment;

/// Everything but the unreserved characters of RFC 3986 §2.3, so that a value is safe anywhere in a
/// target.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The value of a parameter, however the client has escaped it. Two spellings of a UUID are one
/// value; an upstream gets the spelling of the client.
#[derive(Clone, Debug)]
pub(crate) struct Parameter {
    /// A UUID in lower case, any other value as it is.
    plain: Arc<str>,
    encoded: Arc<str>,
}

impl PartialEq for Parameter {
    fn eq(&self, other: &Self) -> bool {
        self.plain == other.plain
    }
}

impl Eq for Parameter {}

impl Hash for Parameter {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.plain.hash(state);
    }
}

impl Parameter {
    /// `None` if it could lead an upstream to another path.
    pub(crate) fn parse(segment: &str) -> Option<Self> {
        if !is_one_segment(segment) {
            return None;
        }
        let plain = percent_decode_str(segment).decode_utf8().ok()?;
        Some(Self {
            encoded: utf8_percent_encode(&plain, RESERVED).to_string().into(),
            plain: canonical(&plain).into(),
        })
    }

    /// The value that is compared with the ids of a service's answer, each in its canonical
    /// spelling.
    pub(crate) fn plain(&self) -> &str {
        &self.plain
    }

    /// The value as a target writes it.
    pub(crate) fn encoded(&self) -> &str {
        &self.encoded
    }
}

/// One caller's answer is not for another, since the services may judge the token.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    /// In the order of the path.
    pub(crate) parameters: Arc<[Parameter]>,
    /// The bytes of `Authorization`, which are passed on.
    pub(crate) authorization: Option<Arc<[u8]>>,
}

impl Key {
    pub(crate) fn of(parameters: Arc<[Parameter]>, fields: &HeaderMap) -> Self {
        let authorization = fields.get(AUTHORIZATION);
        Self {
            parameters,
            authorization: authorization.map(|value| value.as_bytes().into()),
        }
    }

    /// The bytes that it takes.
    pub(crate) fn size(&self) -> usize {
        let token = self.authorization.as_ref().map_or(0, |token| token.len());
        let parameters = self.parameters.iter();
        let parameters =
            parameters.map(|one| size_of::<Parameter>() + one.plain.len() + one.encoded.len());
        token + parameters.sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use super::Parameter;

    #[test]
    fn a_value_is_the_same_however_it_is_escaped() {
        let value = Parameter::parse("caf%C3%A9-1%32").unwrap();
        assert_eq!(value.plain(), "café-12");
        assert_eq!(value.encoded(), "caf%C3%A9-12");
        assert_eq!(Parameter::parse("caf%c3%a9-12"), Some(value));
    }

    #[test]
    fn two_spellings_of_a_uuid_are_one_value_and_each_is_sent_as_it_came() {
        let lower = "0192f0d1-5c2b-7e4f-8a63-9b7c2d3e5f60";
        let upper = lower.to_uppercase();
        let [one, other] = [lower, &upper].map(|id| Parameter::parse(id).unwrap());
        assert_eq!(one, other);
        assert_eq!(other.plain(), lower);
        assert_eq!(other.encoded(), upper);
        assert_ne!(Parameter::parse("cmd7"), Parameter::parse("CMD7"));
    }

    #[test]
    fn anything_but_a_single_segment_is_refused() {
        for bad in ["..", "a%2Fb", "%", "%00", ""] {
            assert_eq!(Parameter::parse(bad), None, "{bad}");
        }
    }
}
