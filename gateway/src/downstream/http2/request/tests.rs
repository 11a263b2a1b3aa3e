//! Heads that are converted, and heads that are refused.

use actix_http::RequestHead;
use http::request::Parts;

use super::super::tests::LIMITS;
use super::{host, take_over};
use crate::downstream::head::LONGEST_METHOD;
use crate::fault::refusal::Refusal;
use crate::settings::limits::MOST_FIELDS;

fn parts(method: &str, uri: &str, fields: &[(&str, &str)]) -> Parts {
    let request = http::Request::builder().method(method).uri(uri);
    let with =
        |request: http::request::Builder, field: &(&str, &str)| request.header(field.0, field.1);
    let request = fields.iter().fold(request, with);
    request.body(()).unwrap().into_parts().0
}

fn taken_over(from: &Parts, has_body: bool) -> Result<RequestHead, Refusal> {
    let mut head = RequestHead::default();
    take_over(from, has_body, &LIMITS, &mut head).map(|()| head)
}

/// A head with exactly this `:path`.
fn asking_for(method: &str, path: &str) -> Parts {
    let mut parts = parts(method, "https://x", &[]);
    let mut uri = parts.uri.into_parts();
    uri.path_and_query = Some(path.parse().unwrap());
    parts.uri = http::Uri::from_parts(uri).unwrap();
    parts
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
    let head = taken_over(&asking_for("OPTIONS", "*"), false).unwrap();
    assert_eq!(head.uri.path(), "*");
}

#[test]
fn an_invalid_target_is_refused_and_leaves_no_other() {
    for path in ["?a=1", "*", "/{id}", "/\"x\""] {
        let mut head = RequestHead::default();
        head.uri = "/of-another-request".parse().unwrap();
        let taken_over = take_over(&asking_for("GET", path), false, &LIMITS, &mut head);
        let refusal = Refusal::Malformed("an invalid target");
        assert_eq!(taken_over, Err(refusal), "{path}");
        assert_eq!(head.uri, "/", "{path}");
    }
}

#[test]
fn the_limits_are_those_of_http_1() {
    let size = |limit: u64| usize::try_from(limit).unwrap();
    let path = |length: usize| format!("https://x/{}", "p".repeat(length - 1));
    let judge = |uri: &str, value: usize| {
        let value = "v".repeat(value);
        let head = parts("GET", uri, &[("x-mine", &value)]);
        taken_over(&head, false).map(|_| ())
    };
    let (uri, value) = (size(LIMITS.uri), size(LIMITS.head) - "x-mine: \r\n".len());
    assert_eq!(judge(&path(uri), value), Ok(()));
    assert_eq!(judge(&path(uri + 1), 0), Err(Refusal::UriTooLong));
    assert_eq!(judge(&path(uri), value + 1), Err(Refusal::HeadTooLarge));
}

#[test]
fn fields_are_counted_as_in_http_1() {
    // The host included. A browser may send each cookie as a field of its own.
    let most = MOST_FIELDS - 1;
    for (name, count, fits) in [
        ("x-mine", most, true),
        ("x-mine", most + 1, false),
        ("cookie", 2 * most, true),
    ] {
        let fields = vec![(name, "1"); count];
        let judged = taken_over(&parts("GET", "https://x/", &fields), false).map(|_| ());
        let refused = Err(Refusal::HeadTooLarge);
        assert_eq!(
            judged,
            if fits { Ok(()) } else { refused },
            "{count} {name}"
        );
    }
}

#[test]
fn a_method_that_is_too_long_is_refused_and_leaves_no_other() {
    let longest = "M".repeat(LONGEST_METHOD);
    let head = taken_over(&parts(&longest, "https://x/", &[]), false).unwrap();
    assert_eq!(head.method.as_str(), longest);
    let mut head = RequestHead::default();
    head.method = "OFANOTHER".parse().unwrap();
    let from = parts(
        &format!("{longest}M"),
        "https://x/",
        &[("accept-language", "en")],
    );
    let refused = take_over(&from, false, &LIMITS, &mut head);
    assert_eq!(refused, Err(Refusal::Malformed("an invalid method")));
    assert_eq!(head.method.as_str(), "-");
    assert!(head.headers.contains_key("accept-language"));
}

#[test]
fn an_expectation_other_than_100_continue_is_refused() {
    for (expected, is_known) in [("100-Continue", true), ("200-ok", false)] {
        let head = parts("POST", "https://x/", &[("expect", expected)]);
        let judged = taken_over(&head, true).map(|_| ());
        let refused = Err(Refusal::Expectation);
        assert_eq!(judged, if is_known { Ok(()) } else { refused });
    }
}

#[test]
fn authority_and_host_must_agree() {
    let judge = |authority, fields: &[&'static str]| {
        let fields = fields.iter().map(|field| field.as_bytes());
        let host = host(authority, fields).ok()?;
        Some(std::str::from_utf8(host).unwrap().to_owned())
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
        (Some("a.example"), &["user@a.example"], None),
        (None, &["a.example,b.example"], None),
    ] {
        let judged = judge(authority, fields);
        assert_eq!(judged.as_deref(), expected, "{authority:?} {fields:?}");
    }
}

#[test]
fn cookies_are_joined_and_other_fields_stay_separate() {
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
fn a_body_without_a_length_is_chunked() {
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
