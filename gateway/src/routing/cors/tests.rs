//! Which origins are allowed, and the fields of the answer.

use actix_web::http::header::{HeaderMap, HeaderValue, ORIGIN, VARY};

use super::{Grant, Origins, apply};

fn grant(origins: &str, from: &'static str) -> Grant {
    let mut request = HeaderMap::new();
    request.insert(ORIGIN, HeaderValue::from_static(from));
    origins.parse::<Origins>().unwrap().grant(&request)
}

#[test]
fn any_port_of_localhost_is_allowed_by_default() {
    for from in [
        "http://localhost:5173",
        "https://127.0.0.1",
        "http://[::1]:3000",
        "http://app.localhost:3000",
        "https://a.b-1.localhost",
    ] {
        assert_eq!(
            grant("localhost", from),
            Grant::Origin(HeaderValue::from_static(from)),
            "{from}"
        );
    }
}

#[test]
fn a_lookalike_of_localhost_is_refused() {
    for from in [
        "http://localhost.evil.com",
        "http://evil.com:80/localhost",
        "null",
        "http://127.0.0.1.evil.com",
        "http://notlocalhost",
        "http://localhost:3000@evil.com",
        "http://localhost:3000/x",
        "http://localhost:",
        "http://localhost:99999",
        "ftp://localhost",
        "http://.localhost",
        "http://a..localhost",
        "http://evil.com/.localhost",
        "http://evil.com:80.localhost",
        "http://evil.com@x.localhost",
        "http://app.localhost.evil.com",
        "http://app.localhost:x",
        "http://:3000",
        "http://[::1]]",
        "http://[::2].localhost",
    ] {
        assert_eq!(grant("localhost", from), Grant::None, "{from}");
    }
}

#[test]
fn a_listed_origin_must_match_exactly() {
    let list = "https://app.example.com, https://www.example.com:8443";
    assert_ne!(grant(list, "https://www.example.com:8443"), Grant::None);
    assert_eq!(grant(list, "https://www.example.com"), Grant::None);
    assert_eq!(grant(list, "http://localhost:5173"), Grant::None);
}

#[test]
fn a_star_allows_every_origin_without_credentials() {
    assert_eq!(grant("*", "https://anywhere.example"), Grant::Anyone);
}

#[test]
fn none_allows_no_origin() {
    assert_eq!(grant("none", "http://localhost:5173"), Grant::Never);
}

#[test]
fn vary_names_the_origin_once_and_only_if_some_origin_is_allowed() {
    let local = grant("localhost", "http://localhost");
    let foreign = grant("localhost", "http://evil.example");
    for (grant, said, vary) in [
        (&local, &[][..], &["Origin"][..]),
        (&local, &["Origin"], &["Origin"]),
        (&foreign, &["accept, origin"], &["accept, origin"]),
        (&foreign, &["accept"], &["accept", "Origin"]),
        (&local, &["*"], &["*"]),
        (&Grant::Never, &[], &[]),
        (&Grant::Never, &["accept"], &["accept"]),
    ] {
        let mut fields = HeaderMap::new();
        for value in said {
            fields.append(VARY, HeaderValue::from_static(value));
        }
        apply(grant, &mut fields);
        let written: Vec<_> = fields.get_all(VARY).collect();
        assert_eq!(written, vary, "{grant:?}");
    }
}

#[test]
fn an_origin_that_no_browser_sends_is_refused() {
    for bad in [
        "example.com",
        "https://example.com/",
        "HTTPS://example.com",
        "https://a@example.com",
        "https://",
    ] {
        assert!(bad.parse::<Origins>().is_err(), "{bad}");
    }
}
