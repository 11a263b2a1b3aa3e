//! Tells the upstream who asked, for which host, over which scheme and for which path, so that its
//! own problem bodies can name the path that the frontend knows.
//!
//! It is written twice, as `X-Forwarded-*` and as `Forwarded` (RFC 7239), because upstreams read
//! one or the other. Both are written anew: nothing is sent on that is not believed
//! (`headers/claims.rs` lists the dropped fields). `by` is omitted (§5.1), because it would reveal
//! the network inside.

mod elements;

use std::net::IpAddr;

use actix_web::HttpRequest;
use actix_web::http::header::HOST;
use bytes::BytesMut;

use self::elements::write_elements;
use crate::http::grammar::is_authority;
use crate::routing::client_address::{Believed, Scheme, TrustedProxies};
use crate::upstream::request::head::Head;

/// The same name as `service_kit::observe::ORIGINAL_PATH`.
pub(in crate::upstream) const X_FORWARDED_URI: &str = "x-forwarded-uri";

/// How a request came to the gateway.
#[derive(Debug)]
pub(in crate::upstream) struct Arrival<'a> {
    peer: Option<IpAddr>,
    host: Option<&'a str>,
    scheme: Scheme,
    believed: Believed<'a>,
}

impl<'a> Arrival<'a> {
    pub(in crate::upstream) fn of(
        request: &'a HttpRequest,
        scheme: Scheme,
        trusted: &TrustedProxies,
    ) -> Self {
        let peer = request.peer_addr().map(|peer| peer.ip().to_canonical());
        let believed = peer.map(|peer| trusted.believe(peer, request.headers()));
        Self {
            peer,
            host: host_of(request).filter(|host| is_authority(host.as_bytes())),
            scheme,
            believed: believed.unwrap_or_default(),
        }
    }

    /// `path` is the client's own.
    pub(in crate::upstream) fn write(&self, path: &str, to: &mut Head) {
        if let Some(peer) = self.peer {
            to.field_of("x-forwarded-for", |value| self.write_chain(peer, value));
        }
        if let Some(host) = self.believed.host.or(self.host) {
            to.field("x-forwarded-host", host.as_bytes());
        }
        let scheme = self.believed.scheme.unwrap_or(self.scheme);
        to.field("x-forwarded-proto", scheme.as_str().as_bytes());
        to.field(X_FORWARDED_URI, path.as_bytes());
        to.field_of("forwarded", |value| write_elements(self, value));
    }

    /// Writes the value of `X-Forwarded-For`: the client as believed, and the proxies on the way.
    fn write_chain(&self, peer: IpAddr, to: &mut BytesMut) {
        for hop in &self.believed.hops {
            write_address(*hop, to);
            to.extend_from_slice(b", ");
        }
        write_address(peer, to);
    }
}

/// Writes the address itself: `Display` would take more time than all the rest of a head.
fn write_address(address: IpAddr, to: &mut BytesMut) {
    match address {
        IpAddr::V4(address) => {
            let mut number = itoa::Buffer::new();
            for (index, octet) in address.octets().into_iter().enumerate() {
                if index > 0 {
                    to.extend_from_slice(b".");
                }
                to.extend_from_slice(number.format(octet).as_bytes());
            }
        }
        IpAddr::V6(address) => to.extend_from_slice(address.to_string().as_bytes()),
    }
}

/// The requested host. In a target of absolute form, it takes precedence over `Host` (RFC 9112
/// §3.2.2).
fn host_of(request: &HttpRequest) -> Option<&str> {
    match request.uri().authority() {
        // Without the user name.
        Some(authority) => authority.as_str().rsplit('@').next(),
        None => request.headers().get(HOST)?.to_str().ok(),
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, SocketAddr};

    use actix_web::test::TestRequest;
    use service_kit::observe;

    use super::{Arrival, Head, Scheme, X_FORWARDED_URI};
    use crate::routing::client_address::TrustedProxies;

    /// The forwarding fields that the upstream gets, one line each.
    fn told(peer: &str, uri: &str, fields: &[(&'static str, &'static str)]) -> String {
        let peer: IpAddr = peer.parse().unwrap();
        let request = TestRequest::with_uri(uri).peer_addr(SocketAddr::new(peer, 1));
        let request = fields
            .iter()
            .fold(request, |request, field| request.append_header(*field))
            .to_http_request();
        let trusted: TrustedProxies = "10.0.0.0/8".parse().unwrap();
        let mut to = Head::new("GET", "/", b"upstream");
        Arrival::of(&request, Scheme::Http, &trusted).write(request.path(), &mut to);
        let head = String::from_utf8(to.end().to_vec()).unwrap();
        let (_request_line_and_host, told) = head.split_once("upstream\r\n").unwrap();
        told.trim_end().replace("\r\n", "\n") + "\n"
    }

    #[test]
    fn only_what_was_seen_is_told_about_a_stranger() {
        let fields = [
            ("host", "a.example"),
            ("x-forwarded-for", "6.6.6.6"),
            ("forwarded", "for=6.6.6.6"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", "evil.example"),
        ];
        let expected = "x-forwarded-for: 192.0.2.7\nx-forwarded-host: a.example\nx-forwarded-proto: http\n\
            x-forwarded-uri: /menu\nforwarded: for=192.0.2.7;host=a.example;proto=http\n";
        assert_eq!(told("192.0.2.7", "/menu?x=1", &fields), expected);
        assert_eq!(told("::ffff:192.0.2.7", "/menu", &fields), expected);
    }

    #[test]
    fn a_trusted_chain_goes_on_from_the_client() {
        let fields = [
            ("host", "inner"),
            ("x-forwarded-for", "6.6.6.6, 2001:db8::7, 10.0.0.2"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", "a.example:8443"),
        ];
        let expected = "x-forwarded-for: 2001:db8::7, 10.0.0.2, 10.0.0.1\nx-forwarded-host: a.example:8443\n\
            x-forwarded-proto: https\nx-forwarded-uri: /menu\nforwarded: \
            for=\"[2001:db8::7]\";host=\"a.example:8443\";proto=https, for=10.0.0.2, for=10.0.0.1;host=inner;proto=http\n";
        assert_eq!(told("10.0.0.1", "/menu", &fields), expected);
    }

    #[test]
    fn a_proxy_that_names_only_the_scheme_is_believed_too() {
        let told = told("10.0.0.1", "/", &[("x-forwarded-proto", "https")]);
        let expected = "forwarded: for=unknown;proto=https, for=10.0.0.1;proto=http\n";
        assert!(told.contains("x-forwarded-proto: https\n"), "{told}");
        assert!(told.ends_with(expected), "{told}");
    }

    #[test]
    fn the_targets_host_takes_precedence_over_the_field() {
        let uri = "http://user@a.example:81/menu";
        let told = told("192.0.2.7", uri, &[("host", "b.example")]);
        assert!(told.contains("x-forwarded-host: a.example:81\n"), "{told}");
    }

    #[test]
    fn an_invalid_host_is_not_told() {
        let told = told("192.0.2.7", "/", &[("host", "a\";for=6.6.6.6")]);
        assert!(!told.contains("host"), "{told}");
    }

    #[test]
    fn the_path_is_in_the_field_that_the_services_read() {
        assert_eq!(X_FORWARDED_URI, observe::ORIGINAL_PATH.as_str());
    }
}
