//! Converts an HTTP/2 request into the form of HTTP/1, so that the later code needs only one form.

use std::net::SocketAddr;

use actix_http::{BoxedPayloadStream, Payload, Request, RequestHead};
use actix_web::HttpMessage as _;
use actix_web::http::header as old;
use actix_web::http::{Method as OldMethod, Uri, Version};
use http::header::{CONTENT_LENGTH, COOKIE, EXPECT, HOST};
use http::request::Parts;
use http::uri::Authority;
use http::{HeaderValue, Method};
use http_body::Body as _;
use hyper::body::Incoming;

use super::convert;
use super::payload::Inflow;
use crate::downstream::head::LONGEST_METHOD;
use crate::downstream::target;
use crate::fault::refusal::Refusal;
use crate::http::grammar::{has_blank_ends, is_authority};
use crate::settings::limits::Limits;

const NO_METHOD: Refusal = Refusal::Malformed("an invalid method");
const NO_TARGET: Refusal = Refusal::Malformed("an invalid target");
const BLANKS: Refusal = Refusal::Malformed("a value with blanks at an end");
const NO_HOST: Refusal = Refusal::Malformed("an invalid Host");

/// `: ` and the line's end, which `limits.head` counts too.
const AROUND_A_FIELD: usize = 4;

/// A request that HTTP/1 would refuse carries the [`Refusal`] among its extensions, so that it is
/// answered and logged like all others.
pub(super) fn for_actix(
    request: http::Request<Incoming>,
    peer: Option<SocketAddr>,
    limits: &Limits,
) -> Request {
    let (from, body) = request.into_parts();
    let has_body = !body.is_end_stream();
    let mut request = Request::with_payload(if has_body {
        let body: BoxedPayloadStream = Box::pin(Inflow::new(body, limits));
        Payload::from(body)
    } else {
        Payload::None
    });
    let taken_over = take_over(&from, has_body, limits, request.head_mut());
    if let Err(refusal) = taken_over {
        request.extensions_mut().insert(refusal);
    }
    request.head_mut().peer_addr = peer;
    request
}

/// For a refused request, copy the header fields, but not the target or an invalid method.
pub(in crate::downstream) fn take_over(
    from: &Parts,
    has_body: bool,
    limits: &Limits,
    to: &mut RequestHead,
) -> Result<(), Refusal> {
    to.version = Version::HTTP_2;
    // actix reuses heads and clears only the fields.
    to.uri = Uri::default();
    take_fields(from, has_body, to);
    let Some(method) = method(from) else {
        // As in the log of HTTP/1.
        to.method = OldMethod::from_bytes(b"-").unwrap_or_default();
        return Err(NO_METHOD);
    };
    to.method = method;
    let (target, host) = judge(from, limits)?;
    let host = old::HeaderValue::from_bytes(host).map_err(|_invalid| NO_HOST)?;
    to.headers.insert(old::HOST, host);
    // Counted as in HTTP/1: all cookies as one field, and `:authority` as one.
    if to.headers.len() > limits.fields {
        return Err(Refusal::HeadTooLarge);
    }
    let target = Uri::try_from(target);
    to.uri = target.map_err(|_invalid| NO_TARGET)?;
    Ok(())
}

fn method(from: &Parts) -> Option<OldMethod> {
    if from.method.as_str().len() > LONGEST_METHOD {
        return None;
    }
    convert::method_to_actix(&from.method)
}

fn take_fields(from: &Parts, has_body: bool, to: &mut RequestHead) {
    for (name, value) in &from.headers {
        if name == COOKIE || name == HOST {
            continue;
        }
        if let Some((name, value)) = convert::field_to_actix((name, value)) {
            to.headers.append(name, value);
        }
    }
    if let Some(cookie) = cookie(from.headers.get_all(COOKIE).iter()) {
        to.headers.insert(old::COOKIE, cookie);
    }
    // RFC 9112 §6.3 tells a body of unknown length from none by this.
    if has_body && !from.headers.contains_key(CONTENT_LENGTH) {
        let chunked = old::HeaderValue::from_static("chunked");
        to.headers.insert(old::TRANSFER_ENCODING, chunked);
    }
}

/// Judges a head by the rules and limits of HTTP/1. Returns its target and its host. h2 has already
/// refused what HTTP/2 alone forbids.
fn judge<'a>(from: &'a Parts, limits: &Limits) -> Result<(&'a str, &'a [u8]), Refusal> {
    let target = target(from).ok_or(NO_TARGET)?;
    if target.len() as u64 > limits.uri {
        return Err(Refusal::UriTooLong);
    }
    // Scheme and authority are separate from the path (RFC 9113 §8.3.1).
    let is_whole_uri = from.method != Method::CONNECT && !target.starts_with(['/', '*']);
    if is_whole_uri || !target::is_target(from.method.as_str(), target.as_bytes()) {
        return Err(NO_TARGET);
    }
    let sizes = from.headers.iter();
    let sizes = sizes.map(|(name, value)| name.as_str().len() + value.len() + AROUND_A_FIELD);
    if sizes.sum::<usize>() as u64 > limits.head {
        return Err(Refusal::HeadTooLarge);
    }
    if from
        .headers
        .values()
        .any(|value| has_blank_ends(value.as_bytes()))
    {
        return Err(BLANKS);
    }
    let expected = from.headers.get(EXPECT);
    if expected.is_some_and(|value| !value.as_bytes().eq_ignore_ascii_case(b"100-continue")) {
        return Err(Refusal::Expectation);
    }
    let authority = from.uri.authority().map(Authority::as_str);
    let fields = from.headers.get_all(HOST).iter().map(HeaderValue::as_bytes);
    Ok((target, host(authority, fields)?))
}

/// The target of an HTTP/1 request line (RFC 9112 §3.2).
fn target(from: &Parts) -> Option<&str> {
    if from.method == Method::CONNECT {
        return from.uri.authority().map(Authority::as_str);
    }
    Some(from.uri.path_and_query()?.as_str())
}

/// The requested host, from `:authority` or else from a single `Host` field. The two must not
/// disagree (RFC 9113 §8.3.1).
fn host<'a>(
    authority: Option<&'a str>,
    mut fields: impl Iterator<Item = &'a [u8]>,
) -> Result<&'a [u8], Refusal> {
    let authority = authority.map(str::as_bytes);
    let host = match (authority, fields.next(), fields.next()) {
        (Some(authority), None, None) => authority,
        (None, Some(host), None) => host,
        (Some(authority), Some(host), None) if is_same(authority, host) => authority,
        (Some(_), Some(_), None) => return Err(Refusal::Malformed("another Host than :authority")),
        (_, Some(_), Some(_)) => return Err(Refusal::Malformed("more than one Host")),
        (None, None, _) | (_, None, Some(_)) => return Err(Refusal::Malformed("no Host")),
    };
    is_authority(host).then_some(host).ok_or(NO_HOST)
}

/// Whether both name the same host, ignoring letter case and the default port of https.
fn is_same(one: &[u8], other: &[u8]) -> bool {
    let named = |host: &'_ [u8]| host.strip_suffix(b":443").unwrap_or(host).len();
    match (one.get(..named(one)), other.get(..named(other))) {
        (Some(one), Some(other)) => one.eq_ignore_ascii_case(other),
        _ => false,
    }
}

/// Joins the cookies, which a client may have sent as several fields (RFC 9113 §8.2.3).
fn cookie<'a>(mut fields: impl Iterator<Item = &'a HeaderValue>) -> Option<old::HeaderValue> {
    let first = fields.next()?;
    let Some(second) = fields.next() else {
        return old::HeaderValue::from_bytes(first.as_bytes()).ok();
    };
    let mut joined = first.as_bytes().to_vec();
    for field in [second].into_iter().chain(fields) {
        joined.extend_from_slice(b"; ");
        joined.extend_from_slice(field.as_bytes());
    }
    old::HeaderValue::from_maybe_shared(joined).ok()
}

#[cfg(test)]
mod tests;
