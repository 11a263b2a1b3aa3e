//! Which fields go through the gateway, and which it writes itself. Decides by name alone, for both generations of
//! the `http` crate.

use actix_web::HttpRequest;
use actix_web::http::header::HOST;
use http::{HeaderMap, HeaderName, HeaderValue};

use super::convert::Values;

static X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
static X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
static X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
/// `service_kit::observe::ORIGINAL_PATH`.
static X_FORWARDED_URI: HeaderName = HeaderName::from_static("x-forwarded-uri");
/// `service_kit::request_id::HEADER`.
pub(super) static X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The fields that a head's `Connection` names (RFC 9110 §7.6.1).
pub(super) struct ConnectionOptions<'a>(Vec<&'a str>);

impl<'a> ConnectionOptions<'a> {
    /// `values` are those of the head's `Connection` fields.
    pub(super) fn new(values: impl Iterator<Item = &'a [u8]>) -> Self {
        let named = values
            .filter_map(|value| std::str::from_utf8(value).ok())
            .flat_map(|value| value.split(','))
            .map(str::trim)
            // The two that nearly all heads have; neither is a field that would go through.
            .filter(|named| !matches!(*named, "keep-alive" | "close"));
        Self(named.collect())
    }

    /// Whether a field is meant for the last recipient: all are but the hop-by-hop ones (RFC 9110 §7.6.1) and those
    /// that `Connection` names.
    pub(super) fn lets_through(&self, name: &str) -> bool {
        !is_hop_by_hop(name) && !self.0.iter().any(|named| name.eq_ignore_ascii_case(named))
    }
}

fn is_hop_by_hop(name: &str) -> bool {
    matches!(
        name,
        "connection"
            | "keep-alive"
            | "proxy-connection"
            | "te"
            | "trailer"
            | "transfer-encoding"
            | "upgrade"
            // Meant for the next proxy, which is this one (RFC 9110 §11.7).
            | "proxy-authenticate"
            | "proxy-authorization"
            // The server has answered it with 100 (RFC 9110 §10.1.1).
            | "expect"
    )
}

/// The fields of a request that the gateway writes anew. The upstream has a host of its own, the body is framed
/// anew, and of what tells who asked nothing of a client's counts: anyone can write it.
pub(super) fn is_rewritten(name: &str) -> bool {
    matches!(
        name,
        "host"
            | "content-length"
            | "forwarded"
            | "x-forwarded-for"
            | "x-forwarded-host"
            | "x-forwarded-proto"
            | "x-forwarded-uri"
            | "x-request-id"
    )
}

/// Tells the upstream who asked, for which host, and for which path: its own problem bodies can then name the path
/// that the frontend knows.
pub(super) fn add_forwarding(headers: &mut HeaderMap, request: &HttpRequest, values: &mut Values) {
    let peer = request.peer_addr().map(|peer| peer.ip().to_canonical());
    let host = request.headers().get(HOST);
    for (name, value) in [
        (&X_FORWARDED_FOR, peer.and_then(|ip| values.display(ip))),
        (
            &X_FORWARDED_HOST,
            host.and_then(|host| values.for_hyper(host.as_bytes())),
        ),
        (&X_FORWARDED_PROTO, Some(HeaderValue::from_static("http"))),
        (
            &X_FORWARDED_URI,
            values.for_hyper(request.path().as_bytes()),
        ),
    ] {
        if let Some(value) = value {
            headers.insert(name.clone(), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use service_kit::{observe, request_id};

    use super::{ConnectionOptions, X_FORWARDED_URI, X_REQUEST_ID, is_rewritten};

    fn through<'a>(connection: &[&'static str], names: &[&'a str]) -> Vec<&'a str> {
        let connection = ConnectionOptions::new(connection.iter().map(|value| value.as_bytes()));
        let mut names = names.to_vec();
        names.retain(|name| connection.lets_through(name));
        names
    }

    #[test]
    fn hop_by_hop_fields_stay_behind() {
        let names = [
            "authorization",
            "connection",
            "expect",
            "keep-alive",
            "proxy-authenticate",
            "proxy-authorization",
            "proxy-connection",
            "te",
            "trailer",
            "transfer-encoding",
            "upgrade",
        ];
        assert_eq!(through(&["keep-alive"], &names), ["authorization"]);
    }

    #[test]
    fn what_connection_names_stays_behind() {
        let names = ["x-secret", "x-other", "x-mine"];
        let connection = ["close, X-Secret", "x-other"];
        assert_eq!(through(&connection, &names), ["x-mine"]);
    }

    #[test]
    fn what_the_gateway_writes_itself_is_not_taken_over() {
        for name in [observe::ORIGINAL_PATH, request_id::HEADER] {
            assert!(is_rewritten(name.as_str()), "{name}");
        }
        assert_eq!(X_FORWARDED_URI.as_str(), observe::ORIGINAL_PATH.as_str());
        assert_eq!(X_REQUEST_ID.as_str(), request_id::HEADER.as_str());
    }
}
