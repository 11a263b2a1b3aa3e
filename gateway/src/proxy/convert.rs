//! Between the two generations of the `http` crate: 0.2, which actix-web speaks, and 1, which hyper speaks.
//!
//! Neither lets go of the bytes it holds, so values are copied, all those of a head into one buffer that they then
//! share. Both have the same grammar: what one has accepted the other does, and the `None`s here never happen.

use std::fmt::{Display, Write as _};

use actix_web::http as old;
use bytes::{Bytes, BytesMut};

/// What the values of a usual head take together.
const HEAD: usize = 1024;

pub(super) fn method(method: &old::Method) -> Option<http::Method> {
    http::Method::from_bytes(method.as_str().as_bytes()).ok()
}

pub(crate) fn method_to_actix(method: &http::Method) -> Option<old::Method> {
    old::Method::from_bytes(method.as_str().as_bytes()).ok()
}

pub(super) fn status(status: http::StatusCode) -> Option<old::StatusCode> {
    old::StatusCode::from_u16(status.as_u16()).ok()
}

pub(crate) fn status_to_hyper(status: old::StatusCode) -> Option<http::StatusCode> {
    http::StatusCode::from_u16(status.as_u16()).ok()
}

pub(crate) fn name_to_hyper(name: &old::header::HeaderName) -> Option<http::HeaderName> {
    http::HeaderName::from_bytes(name.as_str().as_bytes()).ok()
}

pub(crate) fn name_to_actix(name: &http::HeaderName) -> Option<old::header::HeaderName> {
    old::header::HeaderName::from_bytes(name.as_str().as_bytes()).ok()
}

/// Copies the values of one head.
pub(crate) struct Values(BytesMut);

impl Values {
    pub(crate) fn new() -> Self {
        Self(BytesMut::with_capacity(HEAD))
    }

    pub(crate) fn for_hyper(&mut self, value: &[u8]) -> Option<http::HeaderValue> {
        http::HeaderValue::from_maybe_shared(self.copy(value)).ok()
    }

    pub(crate) fn for_actix(&mut self, value: &[u8]) -> Option<old::header::HeaderValue> {
        old::header::HeaderValue::from_maybe_shared(self.copy(value)).ok()
    }

    pub(super) fn display(&mut self, value: impl Display) -> Option<http::HeaderValue> {
        write!(self.0, "{value}").ok()?;
        http::HeaderValue::from_maybe_shared(self.0.split().freeze()).ok()
    }

    pub(crate) fn copy(&mut self, value: &[u8]) -> Bytes {
        self.0.extend_from_slice(value);
        self.0.split().freeze()
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http as old;

    use super::{
        Values, method, method_to_actix, name_to_actix, name_to_hyper, status, status_to_hyper,
    };

    /// Tab, visible ASCII, and anything beyond it (RFC 9110 §5.5).
    fn every_byte_of_a_value() -> Vec<u8> {
        (0..=255_u8)
            .filter(|byte| *byte == b'\t' || (32..127).contains(byte) || *byte >= 128)
            .collect()
    }

    #[test]
    fn every_value_goes_both_ways_unchanged() {
        let value = every_byte_of_a_value();
        let mut values = Values::new();
        for bytes in [&value[..], b"", &value.repeat(20)] {
            let there = values.for_hyper(bytes).unwrap();
            let back = values.for_actix(there.as_bytes()).unwrap();
            assert_eq!(back.as_bytes(), bytes);
        }
        assert_eq!(
            values.display(std::net::Ipv4Addr::LOCALHOST).unwrap(),
            "127.0.0.1"
        );
    }

    #[test]
    fn every_name_goes_both_ways_unchanged() {
        for name in ["content-type", "x-request-id", "!#$%&'*+-.^_`|~09az"] {
            let name = old::header::HeaderName::from_bytes(name.as_bytes()).unwrap();
            assert_eq!(name_to_actix(&name_to_hyper(&name).unwrap()), Some(name));
        }
    }

    #[test]
    fn methods_and_statuses_keep_their_meaning() {
        for name in ["GET", "PATCH", "PROPFIND"] {
            let old = old::Method::from_bytes(name.as_bytes()).unwrap();
            let new = method(&old).unwrap();
            assert_eq!(new.as_str(), name);
            assert_eq!(method_to_actix(&new), Some(old));
        }
        for code in [200, 304, 599, 999] {
            let new = http::StatusCode::from_u16(code).unwrap();
            let old = status(new).unwrap();
            assert_eq!(old.as_u16(), code);
            assert_eq!(status_to_hyper(old), Some(new));
        }
    }
}
