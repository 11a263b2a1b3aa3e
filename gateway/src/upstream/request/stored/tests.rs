//! Tests of the request that is sent when its answer will be stored.

use actix_web::HttpRequest;
use actix_web::http::header::{ACCEPT_LANGUAGE, HeaderName, HeaderValue};
use actix_web::test::TestRequest;
use http::uri::PathAndQuery;
use proptest::prelude::*;

use super::{Marks, may_be_asked_with, prepare_stored};
use crate::answer::cache::tests::{key_of, policy_with};
use crate::routing::route::CachePolicy;

const ROW: &str =
    r#"stale_if_error = "1h", vary = ["accept-language"], query = ["categorie", "page"]"#;

fn request(target: &str, fields: &[(&str, &str)]) -> HttpRequest {
    let request = TestRequest::with_uri(target).peer_addr("192.0.2.7:1".parse().unwrap());
    let request = fields.iter().fold(request, |request, (name, value)| {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        request.append_header((name, HeaderValue::from_str(value).unwrap()))
    });
    request.to_http_request()
}

/// The head that the upstream gets, without the two fields for its log.
fn sent(policy: &CachePolicy, request: &HttpRequest) -> String {
    let target = PathAndQuery::try_from(request.uri().to_string()).unwrap();
    let target = crate::answer::cache::target(policy, &target).unwrap();
    let marks = Marks {
        request_id: "id",
        traceparent: b"trace",
    };
    let host = &b"orders:8002"[..];
    let head = prepare_stored(request, (target.as_str(), host), &policy.vary, &marks);
    String::from_utf8(head.to_vec()).unwrap()
}

#[test]
fn only_the_fields_that_the_row_names_are_sent_on() {
    let fields = [
        ("host", "evil.example"),
        ("accept", "text/html"),
        ("accept-encoding", "gzip"),
        ("accept-language", "fr"),
        ("authorization", "Bearer a"),
        ("baggage", "x=1"),
        ("cookie", "a=b"),
        ("forwarded", "host=evil.example"),
        ("if-none-match", "\"1\""),
        ("range", "bytes=0-1"),
        ("tracestate", "a=b"),
        ("user-agent", "evil"),
        ("via", "1.1 evil, 1.1 passe-plat"),
        ("x-api-key", "secret"),
        ("x-forwarded-host", "evil.example"),
    ];
    let request = request("/menu?evil=1&categorie=A", &fields);
    let expected = "GET /menu?categorie=A HTTP/1.1\r\nhost: orders:8002\r\naccept-language: fr\r\n\
        x-forwarded-uri: /menu\r\nvia: 1.1 passe-plat, 1.1 passe-plat\r\nx-request-id: id\r\n\
        traceparent: trace\r\n\r\n";
    assert_eq!(sent(&policy_with(ROW), &request), expected);
}

#[test]
fn a_row_cannot_vary_by_a_field_that_is_never_sent() {
    for name in [
        "authorization",
        "cookie",
        "host",
        "x-forwarded-host",
        "x-forwarded-for",
        "forwarded",
        "if-none-match",
        "range",
        "te",
        "connection",
        "origin",
        "via",
        "x-request-id",
    ] {
        assert!(!may_be_asked_with(name), "{name}");
    }
    for name in ["accept", "accept-encoding", "accept-language", "x-tenant"] {
        assert!(may_be_asked_with(name), "{name}");
    }
}

fn field() -> impl Strategy<Value = (&'static str, String)> {
    let names = vec![
        "accept-language",
        "accept-language",
        "host",
        "via",
        "via",
        "x-forwarded-host",
        "x-forwarded-proto",
        "forwarded",
        "cookie",
        "user-agent",
        "connection",
        "accept-encoding",
        "x-tenant",
    ];
    let value = prop_oneof![
        "[a-c]{0,2}",
        Just("fr,en".to_owned()),
        Just("fr".to_owned()),
        Just("1.1 passe-plat".to_owned()),
        Just("1.1 passe-plat, 1.0 other".to_owned()),
        Just("accept-language".to_owned()),
    ];
    (prop::sample::select(names), value)
}

fn any_request() -> impl Strategy<Value = HttpRequest> {
    let parameter = prop_oneof![
        Just("categorie=A"),
        Just("categorie=B"),
        Just("%63ategorie=A"),
        Just("page=2"),
        Just("page"),
        Just("x=1"),
        Just(""),
    ];
    let query = prop::option::of(prop::collection::vec(parameter, 0..4));
    let path = prop::sample::select(vec!["/menu", "/menu/a", "/menu/b"]);
    (path, query, prop::collection::vec(field(), 0..5)).prop_map(|(path, query, fields)| {
        let target = match query {
            Some(query) => format!("{path}?{}", query.join("&")),
            None => path.to_owned(),
        };
        let fields: Vec<_> = fields
            .iter()
            .map(|(name, value)| (*name, &**value))
            .collect();
        request(&target, &fields)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn two_requests_with_one_key_are_one_request_to_the_upstream(
        one in any_request(),
        other in any_request(),
    ) {
        for row in [ROW, r#"stale_if_error = "1h""#] {
            let policy = policy_with(row);
            let is_one = key_of(&policy, &one) == key_of(&policy, &other);
            prop_assert_eq!(is_one, sent(&policy, &one) == sent(&policy, &other));
        }
    }

    /// Two requests that differ only in what does not count.
    #[test]
    fn fields_that_the_row_does_not_name_change_neither_key_nor_request(
        fields in prop::collection::vec(field(), 0..6),
        noise in "[a-b]{1,3}=[0-9]{0,3}",
    ) {
        let fields: Vec<_> = fields
            .iter()
            .filter(|(name, _)| *name != ACCEPT_LANGUAGE.as_str() && *name != "via")
            .map(|(name, value)| (*name, &**value))
            .collect();
        let plain = request("/menu?categorie=A", &[]);
        let noisy = request(&format!("/menu?{noise}&categorie=A"), &fields);
        let policy = policy_with(ROW);
        prop_assert_eq!(key_of(&policy, &plain), key_of(&policy, &noisy));
        prop_assert_eq!(sent(&policy, &plain), sent(&policy, &noisy));
    }
}
