//! Writes the request for an answer that is to be stored, and will serve other clients too.
//!
//! The upstream gets nothing of the client that is not in the key of the cache
//! (`answer/cache/key.rs`): no credentials, address or host, no condition, range or encoding.
//! Otherwise the first client could change the answers of others. There are two exceptions for the
//! upstream's log: the request's id and its `traceparent`.

use actix_web::HttpRequest;
use actix_web::http::header::HeaderName;
use bytes::Bytes;

use super::{headers, via};
use crate::upstream::request::forwarding::X_FORWARDED_URI;
use crate::upstream::request::head::Head;

/// The marks of the request in the upstream's log.
pub(in crate::upstream) struct Marks<'a> {
    pub(in crate::upstream) request_id: &'a str,
    pub(in crate::upstream) traceparent: &'a [u8],
}

/// Writes the head. `vary` names the fields that the answer depends on.
pub(in crate::upstream) fn prepare_stored(
    request: &HttpRequest,
    (target, host): (&str, &[u8]),
    vary: &[HeaderName],
    marks: &Marks<'_>,
) -> Bytes {
    let fields = request.headers();
    let mut head = Head::new("GET", target, host);
    for name in vary {
        for value in fields.get_all(name) {
            head.field(name.as_str(), value.as_bytes());
        }
    }
    head.field(X_FORWARDED_URI, request.path().as_bytes());
    head.field("via", via::of_stored(via::passages_of(fields)).as_bytes());
    head.field(headers::X_REQUEST_ID, marks.request_id.as_bytes());
    head.field(headers::TRACEPARENT, marks.traceparent);
    head.end()
}

/// Whether a row's `vary` may name the field. It may not if the gateway writes or judges the field,
/// or if the field is the client's own.
pub(crate) fn may_be_asked_with(name: &str) -> bool {
    const NEVER: [&str; 13] = [
        "authorization",
        "cache-control",
        "cookie",
        "if-match",
        "if-modified-since",
        "if-none-match",
        "if-range",
        "if-unmodified-since",
        "origin",
        "pragma",
        "range",
        "tracestate",
        "via",
    ];
    !NEVER.contains(&name) && !headers::is_hop_by_hop(name) && !headers::is_withheld(name)
}

#[cfg(test)]
mod tests;
