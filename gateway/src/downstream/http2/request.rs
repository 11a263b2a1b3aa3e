//! An HTTP/2 request in the form in which HTTP/1 has it, so that nothing behind must know both.

use std::net::SocketAddr;

use actix_http::{BoxedPayloadStream, Payload, Request, RequestHead};
use actix_web::HttpMessage as _;
use actix_web::http::header as old;
use actix_web::http::{Uri, Version};
use http::header::{CONTENT_LENGTH, COOKIE, HOST};
use http::request::Parts;
use http::{HeaderValue, Method};
use http_body::Body as _;
use hyper::body::Incoming;

use super::payload::Inflow;
use crate::fault::ClientFault;
use crate::proxy::convert::{self, Values};

/// A request that breaks a rule of the protocol carries the [`ClientFault`] among its extensions, so that it gets its
/// answer and its line in the log where all others do.
pub(super) fn for_actix(request: http::Request<Incoming>, peer: SocketAddr) -> Request {
    let (head, body) = request.into_parts();
    let has_body = !body.is_end_stream();
    let mut request = Request::with_payload(if has_body {
        let body: BoxedPayloadStream = Box::pin(Inflow(body));
        Payload::from(body)
    } else {
        Payload::None
    });
    let taken_over = take_over(&head, has_body, request.head_mut());
    if taken_over.is_none() {
        request.extensions_mut().insert(ClientFault::Malformed);
    }
    request.head_mut().peer_addr = Some(peer);
    request
}

/// Nothing for a request that is malformed; what could be taken over of it has been.
fn take_over(from: &Parts, has_body: bool, to: &mut RequestHead) -> Option<()> {
    let mut values = Values::new();
    to.version = Version::HTTP_2;
    // actix uses heads again and clears no more than the fields.
    to.uri = Uri::default();
    for (name, value) in &from.headers {
        if name == COOKIE || name == HOST {
            continue;
        }
        if let (Some(name), Some(value)) = (
            convert::name_to_actix(name),
            values.for_actix(value.as_bytes()),
        ) {
            to.headers.append(name, value);
        }
    }
    if let Some(cookie) = cookie(from.headers.get_all(COOKIE).iter(), &mut values) {
        to.headers.insert(old::COOKIE, cookie);
    }
    // What RFC 9112 §6.3 tells a body of unknown length from none by.
    if has_body && !from.headers.contains_key(CONTENT_LENGTH) {
        let chunked = old::HeaderValue::from_static("chunked");
        to.headers.insert(old::TRANSFER_ENCODING, chunked);
    }
    to.method = convert::method_to_actix(&from.method)?;
    let authority = from.uri.authority().map(http::uri::Authority::as_str);
    let fields = from.headers.get_all(HOST).iter().map(HeaderValue::as_bytes);
    let host = values.for_actix(host(authority, fields)?)?;
    to.headers.insert(old::HOST, host);
    to.uri = Uri::from_maybe_shared(values.copy(target(from)?.as_bytes())).ok()?;
    Some(())
}

/// What the request line of HTTP/1 would say (RFC 9112 §3.2): a path, `*`, or for CONNECT a host.
fn target(from: &Parts) -> Option<&str> {
    if from.method == Method::CONNECT {
        return from.uri.authority().map(http::uri::Authority::as_str);
    }
    let target = from.uri.path_and_query()?.as_str();
    let is_asterisk = target == "*" && from.method == Method::OPTIONS;
    (target.starts_with('/') || is_asterisk).then_some(target)
}

/// Who was asked, by `:authority` or else by the one `Host` field. Nothing where neither says it, or where they disagree
/// (RFC 9113 §8.3.1).
fn host<'a>(
    authority: Option<&'a str>,
    mut fields: impl Iterator<Item = &'a [u8]>,
) -> Option<&'a [u8]> {
    let authority = authority.map(str::as_bytes);
    let host = match (authority, fields.next(), fields.next()) {
        (Some(authority), None, None) => authority,
        (None, Some(host), None) => host,
        (Some(authority), Some(host), None) if is_same(authority, host) => authority,
        _ => return None,
    };
    // User information has no place in either.
    (!host.is_empty() && !host.contains(&b'@')).then_some(host)
}

/// Whether both name the same: letter case and the port that https has anyway aside.
fn is_same(one: &[u8], other: &[u8]) -> bool {
    let named = |host: &'_ [u8]| host.strip_suffix(b":443").unwrap_or(host).len();
    match (one.get(..named(one)), other.get(..named(other))) {
        (Some(one), Some(other)) => one.eq_ignore_ascii_case(other),
        _ => false,
    }
}

/// One field of what a client may have sent as several (RFC 9113 §8.2.3).
fn cookie<'a>(
    mut fields: impl Iterator<Item = &'a HeaderValue>,
    values: &mut Values,
) -> Option<old::HeaderValue> {
    let first = fields.next()?;
    let Some(second) = fields.next() else {
        return values.for_actix(first.as_bytes());
    };
    let mut joined = first.as_bytes().to_vec();
    for field in [second].into_iter().chain(fields) {
        joined.extend_from_slice(b"; ");
        joined.extend_from_slice(field.as_bytes());
    }
    old::HeaderValue::from_maybe_shared(joined).ok()
}

#[cfg(test)]
mod tests {
    use actix_http::RequestHead;
    use http::request::Parts;

    use super::{host, take_over};

    fn parts(method: &str, uri: &str, fields: &[(&str, &str)]) -> Parts {
        let request = http::Request::builder().method(method).uri(uri);
        let with = |request: http::request::Builder, field: &(&str, &str)| {
            request.header(field.0, field.1)
        };
        let request = fields.iter().fold(request, with);
        request.body(()).unwrap().into_parts().0
    }

    fn taken_over(from: &Parts, has_body: bool) -> Option<RequestHead> {
        let mut head = RequestHead::default();
        head.uri = "/of-another-request".parse().unwrap();
        take_over(from, has_body, &mut head).map(|()| head)
    }

    #[test]
    fn the_target_is_in_the_form_of_a_request_line() {
        for (method, uri, line) in [
            ("GET", "https://x/things?a=1", "/things?a=1"),
            ("GET", "https://x", "/"),
            ("GET", "https://x/%2e%2e//x", "/%2e%2e//x"),
            ("CONNECT", "x:443", "x:443"),
        ] {
            let head = taken_over(&parts(method, uri, &[]), false).unwrap();
            assert_eq!(head.uri.to_string(), line);
            assert_eq!(head.method.as_str(), method);
        }
        let mut any = parts("OPTIONS", "https://x", &[]).uri.into_parts();
        any.path_and_query = Some("*".parse().unwrap());
        let mut asterisk = parts("OPTIONS", "https://x", &[]);
        asterisk.uri = http::Uri::from_parts(any).unwrap();
        assert_eq!(taken_over(&asterisk, false).unwrap().uri.path(), "*");
        asterisk.method = http::Method::GET;
        assert!(taken_over(&asterisk, false).is_none());
    }

    #[test]
    fn a_path_that_does_not_begin_with_a_slash_is_malformed_and_leaves_no_other() {
        for path in ["?a=1", "*"] {
            let mut odd = parts("GET", "https://x", &[]);
            let mut uri = odd.uri.into_parts();
            uri.path_and_query = Some(path.parse().unwrap());
            odd.uri = http::Uri::from_parts(uri).unwrap();
            let mut head = RequestHead::default();
            head.uri = "/of-another-request".parse().unwrap();
            assert_eq!(take_over(&odd, false, &mut head), None, "{path}");
            assert_eq!(head.uri, "/", "{path}");
        }
    }

    #[test]
    fn authority_and_host_must_agree() {
        let judge = |authority, fields: &[&'static str]| {
            let fields = fields.iter().map(|field| field.as_bytes());
            host(authority, fields).map(|host| std::str::from_utf8(host).unwrap().to_owned())
        };
        for (authority, fields, expected) in [
            (Some("a.example"), &[][..], Some("a.example")),
            (None, &["a.example"], Some("a.example")),
            (Some("a.example"), &["A.example:443"], Some("a.example")),
            (Some("a.example:443"), &["a.example"], Some("a.example:443")),
            (Some("a.example"), &["b.example"], None),
            (Some("a.example"), &["a.example:8443"], None),
            (Some("a.example"), &["a.example", "a.example"], None),
            (None, &["a.example", "b.example"], None),
            (None, &[""], None),
            (None, &[], None),
            (Some("user@a.example"), &[], None),
        ] {
            let judged = judge(authority, fields);
            assert_eq!(judged.as_deref(), expected, "{authority:?} {fields:?}");
        }
    }

    #[test]
    fn cookies_are_joined_and_other_fields_kept_apart() {
        let fields = [
            ("cookie", "a=1"),
            ("x-mine", "1"),
            ("cookie", "b=2; c=3"),
            ("x-mine", "2"),
        ];
        let head = taken_over(&parts("GET", "https://x/", &fields), false).unwrap();
        let values = |name: &str| -> Vec<_> {
            let values = head.headers.get_all(name);
            values.map(|value| value.to_str().unwrap()).collect()
        };
        assert_eq!(values("cookie"), ["a=1; b=2; c=3"]);
        assert_eq!(values("x-mine"), ["1", "2"]);
        assert_eq!(values("host"), ["x"]);
    }

    #[test]
    fn a_body_without_a_length_is_a_chunked_one() {
        let sized = [("content-length", "3")];
        for (fields, has_body, chunked) in [
            (&[][..], true, true),
            (&[], false, false),
            (&sized, true, false),
        ] {
            let head = taken_over(&parts("POST", "https://x/", fields), has_body).unwrap();
            assert_eq!(head.headers.contains_key("transfer-encoding"), chunked);
        }
    }
}
