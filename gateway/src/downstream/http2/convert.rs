//! Converts between the two generations of the `http` crate: 0.2 of actix-web, and 1 of hyper.
//!
//! Neither gives away the bytes it holds, so values are copied. Both have the same grammar: each
//! accepts what the other has accepted, and the `None`s here never happen.

use actix_web::http as old;

pub(super) fn method_to_actix(method: &http::Method) -> Option<old::Method> {
    old::Method::from_bytes(method.as_str().as_bytes()).ok()
}

pub(super) fn status_to_hyper(status: old::StatusCode) -> Option<http::StatusCode> {
    http::StatusCode::from_u16(status.as_u16()).ok()
}

pub(super) fn field_to_hyper(
    (name, value): (&old::header::HeaderName, &old::header::HeaderValue),
) -> Option<(http::HeaderName, http::HeaderValue)> {
    Some((
        http::HeaderName::from_bytes(name.as_str().as_bytes()).ok()?,
        http::HeaderValue::from_bytes(value.as_bytes()).ok()?,
    ))
}

pub(super) fn field_to_actix(
    (name, value): (&http::HeaderName, &http::HeaderValue),
) -> Option<(old::header::HeaderName, old::header::HeaderValue)> {
    Some((
        old::header::HeaderName::from_bytes(name.as_str().as_bytes()).ok()?,
        old::header::HeaderValue::from_bytes(value.as_bytes()).ok()?,
    ))
}

#[cfg(test)]
mod tests {
    use actix_web::http as old;

    use super::{field_to_actix, field_to_hyper, method_to_actix, status_to_hyper};

    /// Tab, visible ASCII, and everything beyond it (RFC 9110 §5.5).
    fn every_byte_of_a_value() -> Vec<u8> {
        (0..=255_u8)
            .filter(|byte| *byte == b'\t' || (32..127).contains(byte) || *byte >= 128)
            .collect()
    }

    #[test]
    fn every_field_converts_both_ways_unchanged() {
        let value = every_byte_of_a_value();
        for name in ["content-type", "x-request-id", "!#$%&'*+-.^_`|~09az"] {
            let name = old::header::HeaderName::from_bytes(name.as_bytes()).unwrap();
            for bytes in [&value[..], b"", &value.repeat(20)] {
                let value = old::header::HeaderValue::from_bytes(bytes).unwrap();
                let (there, its_value) = field_to_hyper((&name, &value)).unwrap();
                assert_eq!(
                    (there.as_str(), its_value.as_bytes()),
                    (name.as_str(), bytes)
                );
                let back = field_to_actix((&there, &its_value));
                assert_eq!(back, Some((name.clone(), value)));
            }
        }
    }

    #[test]
    fn methods_and_statuses_keep_their_meaning() {
        for name in ["GET", "PATCH", "PROPFIND"] {
            let method = http::Method::from_bytes(name.as_bytes()).unwrap();
            assert_eq!(method_to_actix(&method).unwrap().as_str(), name);
        }
        for code in [200, 304, 599, 999] {
            let status = old::StatusCode::from_u16(code).unwrap();
            assert_eq!(status_to_hyper(status).unwrap().as_u16(), code);
        }
    }
}
