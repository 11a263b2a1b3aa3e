//! The id that connects a request's log lines, answers and problem bodies across services.

use std::fmt;

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use bytestring::ByteString;
use uuid::Uuid;

pub const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// At most 64 characters of `[A-Za-z0-9._-]`: long enough for every common format (UUID, ULID, W3C
/// trace id), and harmless in a log line or a header.
///
/// It is stored as text and as a header value, because every request needs both and a conversion
/// reads each byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId {
    text: ByteString,
    value: HeaderValue,
}

impl RequestId {
    /// The caller's id if it sent exactly one valid id, else a new one.
    #[must_use]
    pub fn take_over_or_make(headers: &HeaderMap) -> Self {
        let mut sent = headers.get_all(HEADER);
        match (sent.next(), sent.next()) {
            (Some(id), None) if is_acceptable(id.as_bytes()) => Self::take_over(id),
            _ => Self::make(),
        }
    }

    /// A UUID of version 7 (RFC 9562 §5.7), so that ids sort by time in a log.
    #[must_use]
    pub fn make() -> Self {
        let mut buffer = Uuid::encode_buffer();
        let text = Uuid::now_v7().hyphenated().encode_lower(&mut buffer);
        Self::of(ByteString::from(&*text))
    }

    fn take_over(sent: &HeaderValue) -> Self {
        sent.to_str()
            .map_or_else(|_not_plain| Self::make(), |text| Self::of(text.into()))
    }

    fn of(text: ByteString) -> Self {
        let value = HeaderValue::from_maybe_shared(text.as_bytes().clone());
        match value {
            Ok(value) => Self { text, value },
            Err(_not_plain) => Self {
                text: ByteString::from_static("-"),
                value: HeaderValue::from_static("-"),
            },
        }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    #[must_use]
    pub fn header_value(&self) -> HeaderValue {
        self.value.clone()
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

fn is_acceptable(id: &[u8]) -> bool {
    (1..=64).contains(&id.len())
        && id
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(byte))
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderMap, HeaderValue};
    use proptest::prelude::*;

    use super::{HEADER, RequestId};

    fn with(ids: &[&'static str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for id in ids {
            headers.append(HEADER, HeaderValue::from_static(id));
        }
        headers
    }

    #[test]
    fn an_acceptable_id_is_taken_over() {
        let id = RequestId::take_over_or_make(&with(&["order-42_a.b"]));
        assert_eq!(id.as_str(), "order-42_a.b");
    }

    #[test]
    fn a_hostile_an_endless_or_a_repeated_id_is_replaced() {
        const LONG: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
        for bad in [
            &["a b"][..],
            &[""],
            &["a\tstatus=200"],
            &["<script>"],
            &[LONG],
            &["a", "b"],
        ] {
            let id = RequestId::take_over_or_make(&with(bad));
            assert_eq!(id.as_str().len(), 36, "{bad:?}");
        }
    }

    #[test]
    fn every_made_id_is_another() {
        let none = HeaderMap::new();
        assert_ne!(
            RequestId::take_over_or_make(&none),
            RequestId::take_over_or_make(&none)
        );
    }

    /// Text that is nearly an id, and arbitrary bytes.
    fn sent() -> impl Strategy<Value = Vec<u8>> {
        prop_oneof![
            "[A-Za-z0-9._ -]{0,70}".prop_map(String::into_bytes),
            prop::collection::vec(any::<u8>(), 0..70),
        ]
    }

    proptest! {
        #[test]
        fn any_sent_id_becomes_a_plain_and_short_one(
            values in prop::collection::vec(sent(), 0..3),
        ) {
            let mut headers = HeaderMap::new();
            for value in values {
                if let Ok(value) = HeaderValue::from_bytes(&value) {
                    headers.append(HEADER, value);
                }
            }
            let id = RequestId::take_over_or_make(&headers);
            let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
            prop_assert!((1..=64).contains(&id.as_str().len()), "{}", id);
            prop_assert!(id.as_str().chars().all(is_plain), "{}", id);
            prop_assert_eq!(id.header_value(), id.as_str());
        }
    }
}
