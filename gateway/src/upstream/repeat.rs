//! Whether a request may be sent a second time. Decides by the method, the route and the client's key, before anything
//! is sent.
//!
//! Only a safe method (RFC 9110 §9.2.1) may always be repeated. PUT and DELETE are idempotent (§9.2.2), and a repeat can
//! still mislead: a DELETE that was done and whose answer was lost comes back as a 404, and a PUT overwrites what another
//! client wrote in between. They are treated as POST and PATCH are: repeated where nothing was sent, or where the upstream
//! recognises the repeat by its `Idempotency-Key`. A client may send any key, so the route says whether the upstream
//! honours them.

use actix_web::http::Method;
use actix_web::http::header::{HeaderMap, HeaderName};

static IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// What `service_kit::idempotency` accepts at most.
const LONGEST_KEY: usize = 255;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Repeat {
    /// Doing it twice is doing it once.
    Harmless,
    /// Only where nothing of the request was sent.
    Unsent,
}

impl Repeat {
    /// `honours_keys` is the route's `idempotent`.
    pub(super) fn of(method: &Method, honours_keys: bool, fields: &HeaderMap) -> Self {
        if method.is_safe() || honours_keys && has_key(fields) {
            Self::Harmless
        } else {
            Self::Unsent
        }
    }
}

/// One key of 1 to 255 visible ASCII characters. The services refuse any other, and an upstream that ignores a bad key
/// would do the request twice.
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
    fn a_key_counts_only_where_the_route_says_that_the_upstream_honours_it() {
        for method in [Method::POST, Method::PATCH, Method::PUT, Method::DELETE] {
            assert_eq!(Repeat::of(&method, true, &with(&["k"])), Repeat::Harmless);
            assert_eq!(Repeat::of(&method, false, &with(&["k"])), Repeat::Unsent);
        }
    }

    #[test]
    fn a_key_that_a_service_would_refuse_counts_as_none() {
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
