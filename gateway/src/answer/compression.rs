//! Compresses the answers of rows with `compress = true`, for clients that accept it.
//!
//! 1. [`fit`] decides by the answer's head whether it may be compressed.
//! 2. A short answer that is there as a whole is compressed at once, and keeps a length.
//! 3. Any other answer is compressed as it comes ([`body`]). It has no length then, so a client of
//!    HTTP/1.0, which would learn its end only from the connection's, does not get it.
//!
//! An encoder for a body that streams takes a charge of `limits.memory`. Without room, the answer
//! goes out as it is.

mod body;
mod fit;

use actix_web::body::{BodySize, BoxBody, MessageBody as _};
use actix_web::http::header::{
    ACCEPT_RANGES, CONTENT_ENCODING, CONTENT_LENGTH, ETAG, HeaderMap, HeaderValue,
};
use actix_web::http::{Method, StatusCode, Version};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};

use crate::http::cache_control::has_directive;
use crate::http::content_coding::{self, Coding, Encoder};
use crate::http::entity_tag;
use crate::resilience::memory::Charge;
use crate::upstream::withhold;
use body::Compressed;
pub(super) use fit::fits;

/// The longest body that is compressed at once: for about a millisecond, the worker does nothing
/// else.
const AT_ONCE: u64 = 64 * 1024;

/// The coding that the client wants, unless it wants the answer as it is (RFC 9111 §5.2.1.6).
pub(super) fn wanted(fields: &HeaderMap) -> Option<Coding> {
    let coding = Coding::wanted(fields)?;
    (!has_directive(fields, "no-transform")).then_some(coding)
}

/// Makes the fields those of the answer in this coding. It has other bytes, so its tag is weak, its
/// length is another, and no range of it can be asked for.
pub(super) fn mark(fields: &mut HeaderMap, coding: Coding) {
    fields.insert(CONTENT_ENCODING, HeaderValue::from_static(coding.as_str()));
    fields.remove(CONTENT_LENGTH);
    fields.remove(ACCEPT_RANGES);
    entity_tag::weaken(fields);
}

/// The answer of a row with `compress = true`, compressed if that is possible. `charge` is charged
/// for an encoder.
pub(super) fn apply(
    mut answer: HttpResponse,
    request: &HttpRequest,
    charge: impl FnOnce() -> Charge,
) -> HttpResponse {
    content_coding::vary(answer.headers_mut());
    if answer.status() == StatusCode::NOT_MODIFIED {
        weaken_as_asked(answer.headers_mut(), request.headers());
        return answer;
    }
    let Some(coding) = wanted(request.headers()) else {
        return answer;
    };
    let is_head = *request.method() == Method::HEAD;
    let length = length(&answer, is_head);
    if !fits(answer.status(), answer.headers(), length) {
        return answer;
    }
    if is_head {
        mark(answer.headers_mut(), coding);
        return withhold(answer);
    }
    if length.is_none_or(|length| length > AT_ONCE) {
        return stream(answer, coding, request, charge);
    }
    let (head, body) = answer.into_parts();
    match body.try_into_bytes() {
        Ok(whole) => at_once(head, whole, coding),
        Err(to_come) => stream(head.set_body(to_come), coding, request, charge),
    }
}

/// `None` if it is not known. An answer to HEAD says it only in its fields.
fn length(answer: &HttpResponse, is_head: bool) -> Option<u64> {
    match answer.body().size() {
        _ if is_head => {
            let length = answer.headers().get(CONTENT_LENGTH);
            length.and_then(|length| length.to_str().ok()?.parse().ok())
        }
        BodySize::Sized(length) => Some(length),
        BodySize::None => Some(0),
        BodySize::Stream => None,
    }
}

/// A client that got the tag as a weak one keeps the answer under that tag (RFC 9111 §4.3.4).
fn weaken_as_asked(fields: &mut HeaderMap, asked: &HeaderMap) {
    let tag = fields.get(ETAG);
    if tag.is_some_and(|tag| entity_tag::is_held_as_weak(asked, tag.as_bytes())) {
        entity_tag::weaken(fields);
    }
}

/// The answer, compressed if that makes it smaller.
fn at_once(mut head: HttpResponse<()>, plain: Bytes, coding: Coding) -> HttpResponse {
    let encoded = coding.encode(&plain).ok();
    let smaller = encoded.filter(|encoded| encoded.len() < plain.len());
    if smaller.is_some() {
        mark(head.headers_mut(), coding);
    }
    head.set_body(BoxBody::new(smaller.unwrap_or(plain)))
}

fn stream(
    mut answer: HttpResponse,
    coding: Coding,
    request: &HttpRequest,
    charge: impl FnOnce() -> Charge,
) -> HttpResponse {
    let mut charge = charge();
    if request.version() < Version::HTTP_11 || charge.take(coding.memory()).is_err() {
        return answer;
    }
    mark(answer.headers_mut(), coding);
    answer.map_body(|_, body| BoxBody::new(Compressed::new(body, Encoder::new(coding), charge)))
}

#[cfg(test)]
mod tests;
