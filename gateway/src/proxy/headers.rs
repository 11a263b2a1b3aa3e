//! Which fields go through the gateway, and which it writes itself.

use actix_web::HttpRequest;
use actix_web::http::header::{
    CONNECTION, EXPECT, FORWARDED, HOST, HeaderMap, HeaderName, HeaderValue, PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION, TE, TRAILER, TRANSFER_ENCODING, UPGRADE, X_FORWARDED_FOR,
    X_FORWARDED_HOST, X_FORWARDED_PROTO,
};
use service_kit::observe::ORIGINAL_PATH;

static KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
static PROXY_CONNECTION: HeaderName = HeaderName::from_static("proxy-connection");

/// The fields that are meant for the last recipient: all but the hop-by-hop ones (RFC 9110 §7.6.1) and those
/// that `Connection` names. Repeated fields keep their order.
pub(crate) fn end_to_end(headers: &HeaderMap) -> impl Iterator<Item = (&HeaderName, &HeaderValue)> {
    let named: Vec<&str> = headers
        .get_all(CONNECTION)
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .collect();
    headers.iter().filter(move |(name, _)| {
        let is_named = named
            .iter()
            .any(|named| name.as_str().eq_ignore_ascii_case(named));
        !is_hop_by_hop(name) && !is_named
    })
}

fn is_hop_by_hop(name: &HeaderName) -> bool {
    *name == CONNECTION
        || *name == KEEP_ALIVE
        || *name == PROXY_CONNECTION
        || *name == TE
        || *name == TRAILER
        || *name == TRANSFER_ENCODING
        || *name == UPGRADE
        // Meant for the next proxy, which is this one (RFC 9110 §11.7).
        || *name == PROXY_AUTHENTICATE
        || *name == PROXY_AUTHORIZATION
        // The server has answered it with 100 (RFC 9110 §10.1.1).
        || *name == EXPECT
}

/// The fields that tell an upstream who asked. A client's own are dropped: anyone can write them.
pub(crate) fn is_forwarding(name: &HeaderName) -> bool {
    *name == FORWARDED
        || *name == X_FORWARDED_FOR
        || *name == X_FORWARDED_HOST
        || *name == X_FORWARDED_PROTO
        || *name == ORIGINAL_PATH
}

/// Tells the upstream who asked, for which host, and for which path: its own problem bodies can then name the path
/// that the frontend knows.
pub(crate) fn add_forwarding(headers: &mut HeaderMap, request: &HttpRequest) {
    if let Some(peer) = request.peer_addr() {
        let ip = peer.ip().to_canonical().to_string();
        if let Ok(ip) = HeaderValue::from_str(&ip) {
            headers.insert(X_FORWARDED_FOR, ip);
        }
    }
    if let Some(host) = request.headers().get(HOST) {
        headers.insert(X_FORWARDED_HOST, host.clone());
    }
    headers.insert(X_FORWARDED_PROTO, HeaderValue::from_static("http"));
    if let Ok(path) = HeaderValue::from_str(request.path()) {
        headers.insert(ORIGINAL_PATH, path);
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};

    use super::end_to_end;

    fn kept(fields: &[(&'static str, &'static str)]) -> Vec<String> {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            );
        }
        let mut kept: Vec<_> = end_to_end(&headers)
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .collect();
        kept.sort();
        kept
    }

    #[test]
    fn hop_by_hop_fields_stay_behind() {
        let fields = [
            ("authorization", "Bearer x"),
            ("connection", "keep-alive"),
            ("keep-alive", "timeout=5"),
            ("proxy-authorization", "Basic x"),
            ("te", "trailers"),
            ("trailer", "x-sum"),
            ("transfer-encoding", "chunked"),
            ("upgrade", "h2c"),
        ];
        assert_eq!(kept(&fields), ["authorization: Bearer x"]);
    }

    #[test]
    fn what_connection_names_stays_behind() {
        let fields = [
            ("connection", "close, X-Secret"),
            ("connection", "x-other"),
            ("x-secret", "1"),
            ("x-other", "2"),
            ("x-mine", "3"),
        ];
        assert_eq!(kept(&fields), ["x-mine: 3"]);
    }

    #[test]
    fn a_repeated_field_is_kept_whole() {
        let fields = [("set-cookie", "a=1"), ("set-cookie", "b=2")];
        assert_eq!(kept(&fields), ["set-cookie: a=1", "set-cookie: b=2"]);
    }
}
