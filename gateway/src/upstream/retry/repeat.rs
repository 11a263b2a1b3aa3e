//! Decides whether a request may be sent a second time: by the method, the route and the client's
//! key, before anything is sent.
//!
//! Only a safe method (RFC 9110 §9.2.1) may always be repeated. PUT and DELETE are idempotent
//! (§9.2.2), but a repeat can still mislead: a DELETE that was carried out and whose answer was
//! lost comes back as a 404, and a PUT overwrites what another client wrote in between. They are
//! treated like POST and PATCH: repeated if nothing was sent, or if the upstream recognises the
//! repeat by its `Idempotency-Key`. A client may send any key, so the route says whether the
//! upstream honours them.

use actix_web::http::Method;
use actix_web::http::header::{HeaderMap, HeaderName};

static IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The longest key that `service_kit::idempotency` accepts.
const LONGEST_KEY: usize = 255;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::upstream) enum Repeat {
    /// Sending it twice has the same effect as once.
    Harmless,
    /// Only if nothing of the request was sent.
    Unsent,
}

impl Repeat {
    /// `honours_keys` is the route's `idempotent`.
    pub(in crate::upstream) fn of(method: &Method, honours_keys: bool, fields: &HeaderMap) -> Self {
        if method.is_safe() || honours_keys && has_key(fields) {
            Self::Harmless
        } else {
            Self::Unsent
        }
    }
}

/// Whether there is one key of 1 to 255 visible ASCII characters. The services refuse any other
/// key, and an upstream that ignores a bad key would carry out the request twice.
fn has_key(fields: &HeaderMap) -> bool {
    let mut keys = fields.get_all(&IDEMPOTENCY_KEY);
    let (Some(key), None) = (keys.next(), keys.next()) else {
        return false;
    };
    (1..=LONGEST_KEY).contains(&key.len()) && key.as_bytes().iter().all(u8::is_ascii_graphic)
}

#[cfg(test)]
mod tests {
    use actix_web::http::Method;
    use actix_web::http::header::{HeaderMap, HeaderValue};

    use super::{IDEMPOTENCY_KEY, Repeat};

    fn with(keys: &[&str]) -> HeaderMap {
        let mut fields = HeaderMap::new();
        for key in keys {
            let key = HeaderValue::from_str(key).unwrap();
            fields.append(IDEMPOTENCY_KEY.clone(), key);
        }
        fields
    }

    #[test]
    fn only_a_safe_method_may_be_repeated_without_a_key() {
        for (method, repeat) in [
            (Method::GET, Repeat::Harmless),
            (Method::HEAD, Repeat::Harmless),
            (Method::POST, Repeat::Unsent),
            (Method::PATCH, Repeat::Unsent),
            (Method::PUT, Repeat::Unsent),
            (Method::DELETE, Repeat::Unsent),
        ] {
            for honours_keys in [false, true] {
                let found = Repeat::of(&method, honours_keys, &with(&[]));
                assert_eq!(found, repeat, "{method}");
            }
        }
    }

    #[test]
    fn a_key_counts_only_if_the_route_honours_it() {
        for method in [Method::POST, Method::PATCH, Method::PUT, Method::DELETE] {
            assert_eq!(Repeat::of(&method, true, &with(&["k"])), Repeat::Harmless);
            assert_eq!(Repeat::of(&method, false, &with(&["k"])), Repeat::Unsent);
        }
    }

    #[test]
    fn an_invalid_key_does_not_count() {
        let (long, longer) = ("k".repeat(255), "k".repeat(256));
        for (keys, repeat) in [
            (&[&*long][..], Repeat::Harmless),
            (&[&*longer], Repeat::Unsent),
            (&[""], Repeat::Unsent),
            (&["a key"], Repeat::Unsent),
            (&["cl\u{e9}"], Repeat::Unsent),
            (&["k", "k"], Repeat::Unsent),
        ] {
            assert_eq!(
                Repeat::of(&Method::POST, true, &with(keys)),
                repeat,
                "{keys:?}"
            );
        }
    }
}
