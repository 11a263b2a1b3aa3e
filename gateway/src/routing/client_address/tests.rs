//! Which address counts as the client's.

use std::net::IpAddr;

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};

use super::{Believed, Scheme, TrustedProxies};

const PROXY: &str = "10.0.0.1";

fn fields(lines: &[(&'static str, &'static str)]) -> HeaderMap {
    let mut fields = HeaderMap::new();
    for (name, value) in lines {
        fields.append(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        );
    }
    fields
}

fn trusted() -> TrustedProxies {
    "10.0.0.0/8, 2001:db8:1::/48".parse().unwrap()
}

fn client(peer: &str, lines: &[(&'static str, &'static str)]) -> String {
    let peer = peer.parse().unwrap();
    let address = trusted().client_address(peer, &fields(lines));
    address.to_string()
}

#[test]
fn an_untrusted_peer_is_the_client_whatever_it_says() {
    let lines = [
        ("x-forwarded-for", "6.6.6.6"),
        ("forwarded", "for=6.6.6.6;proto=https"),
        ("x-forwarded-proto", "https"),
    ];
    assert_eq!(client("192.0.2.7", &lines), "192.0.2.7");
    assert_eq!(client("::ffff:192.0.2.7", &lines), "192.0.2.7");
    let (peer, fields) = ("192.0.2.7".parse().unwrap(), fields(&lines));
    assert_eq!(trusted().believe(peer, &fields), Believed::default());
}

#[test]
fn a_trusted_proxy_that_names_nobody_is_the_client() {
    assert_eq!(client(PROXY, &[]), PROXY);
    assert_eq!(client(PROXY, &[("x-forwarded-for", " , ")]), PROXY);
}

#[test]
fn the_client_is_the_rightmost_untrusted_address() {
    for (list, expected) in [
        ("192.0.2.7", "192.0.2.7"),
        ("6.6.6.6, 192.0.2.7", "192.0.2.7"),
        ("6.6.6.6, 192.0.2.7, 10.0.0.2", "192.0.2.7"),
        ("6.6.6.6,192.0.2.7:4711,[2001:db8:1::2]:80", "192.0.2.7"),
        ("::ffff:192.0.2.7, ::ffff:10.0.0.2,", "192.0.2.7"),
        // All are proxies: the first of them asks for itself.
        ("10.0.0.3, 10.0.0.2", "10.0.0.3"),
    ] {
        assert_eq!(client(PROXY, &[("x-forwarded-for", list)]), expected);
    }
}

#[test]
fn lines_of_one_field_are_one_list() {
    let lines = [
        ("x-forwarded-for", "6.6.6.6"),
        ("x-forwarded-for", "192.0.2.7"),
        ("x-forwarded-for", "10.0.0.2"),
    ];
    assert_eq!(client(PROXY, &lines), "192.0.2.7");
}

#[test]
fn an_element_that_is_not_an_address_ends_the_search_at_the_proxy_after_it() {
    for (list, expected) in [
        ("192.0.2.7, unknown", PROXY),
        ("192.0.2.7, unknown, 10.0.0.2", "10.0.0.2"),
        ("_hidden, 10.0.0.2", "10.0.0.2"),
        ("oops, 192.0.2.7", "192.0.2.7"),
    ] {
        assert_eq!(client(PROXY, &[("x-forwarded-for", list)]), expected);
    }
    for (list, expected) in [
        ("for=192.0.2.7, for=unknown", PROXY),
        ("for=_hidden, for=10.0.0.2", "10.0.0.2"),
        ("for=\"192.0.2.7, for=10.0.0.2", PROXY),
    ] {
        assert_eq!(client(PROXY, &[("forwarded", list)]), expected);
    }
}

#[test]
fn forwarded_alone_names_the_client() {
    let list = "for=6.6.6.6, FOR=\"[2001:db8::1]:4711\";proto=https, for=10.0.0.2";
    assert_eq!(client(PROXY, &[("forwarded", list)]), "2001:db8::1");
}

#[test]
fn with_both_fields_only_what_both_say_counts() {
    for (x_forwarded_for, forwarded, expected) in [
        ("192.0.2.7", "for=192.0.2.7", "192.0.2.7"),
        ("192.0.2.7, 10.0.0.2", "for=192.0.2.7", "192.0.2.7"),
        ("192.0.2.7", "for=6.6.6.6", PROXY),
        ("6.6.6.6", "for=192.0.2.7", PROXY),
        ("192.0.2.7", "for=unknown", PROXY),
    ] {
        let lines = [
            ("x-forwarded-for", x_forwarded_for),
            ("forwarded", forwarded),
        ];
        assert_eq!(client(PROXY, &lines), expected, "{lines:?}");
    }
}

#[track_caller]
fn told(
    lines: &[(&'static str, &'static str)],
    host: Option<&'static str>,
    scheme: Option<Scheme>,
) {
    let fields = fields(lines);
    let peer: IpAddr = PROXY.parse().unwrap();
    let believed = trusted().believe(peer, &fields);
    assert_eq!(
        (believed.host, believed.scheme),
        (host, scheme),
        "{lines:?}"
    );
}

#[test]
fn host_and_scheme_come_from_the_nearest_proxy() {
    let of = |host, proto| [("x-forwarded-host", host), ("x-forwarded-proto", proto)];
    let (host, https) = (Some("a.example:8443"), Some(Scheme::Https));
    told(&of("a.example:8443", "https"), host, https);
    told(
        &of("evil.example, a.example:8443", "http,HTTPS"),
        host,
        https,
    );
    told(&of("a.example\"", "gopher"), None, None);
}

#[test]
fn host_and_scheme_in_forwarded_come_from_the_proxy_that_saw_the_client() {
    let (host, https) = (Some("a.example"), Some(Scheme::Https));
    for list in [
        "for=192.0.2.7;host=a.example;proto=https, for=10.0.0.2;host=inner;proto=http",
        "for=6.6.6.6;host=evil, for=192.0.2.7;host=a.example;proto=https",
        "for=unknown;host=a.example;proto=https, for=10.0.0.2;host=inner",
        "host=a.example;proto=https",
    ] {
        told(&[("forwarded", list)], host, https);
    }
    // The client's own values, which the proxy has passed on.
    let alien = [
        ("forwarded", "for=192.0.2.7"),
        ("x-forwarded-proto", "https"),
    ];
    told(&alien, None, None);
    let both = [
        ("forwarded", "for=192.0.2.7;proto=https"),
        ("x-forwarded-for", "192.0.2.7"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-host", "evil.example"),
    ];
    told(&both, None, https);
}
