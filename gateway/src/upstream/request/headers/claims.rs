//! The fields by which a request claims who sent it, for which host, over which scheme and for
//! which path. Some server or framework believes each of them, and any client can write them.
//!
//! None of them is sent on, whoever sent it. The gateway writes anew what it has seen itself, or
//! believes of a trusted proxy: `X-Forwarded-For`, `-Host`, `-Proto`, `-Uri` and `Forwarded`. For
//! the others, trusting a proxy would not help: most proxies pass on unknown fields unchanged.

/// Every name with this prefix is a claim: new ones keep appearing.
const PREFIX: &str = "x-forwarded";

/// The other names that begin with `x-`.
#[rustfmt::skip]
const WITH_X: [&str; 39] = [
    // The client's address.
    "x-appengine-user-ip", "x-azure-clientip", "x-azure-socketip", "x-client-ip", "x-cluster-client-ip",
    "x-envoy-external-address", "x-nf-client-connection-ip", "x-original-for", "x-original-forwarded-for",
    "x-originating-ip", "x-proxyuser-ip", "x-real-ip", "x-remote-addr", "x-remote-ip", "x-true-client-ip",
    // The host.
    "x-host", "x-http-host-override", "x-original-host", "x-real-port",
    // The scheme.
    "x-arr-ssl", "x-https", "x-original-proto", "x-scheme", "x-url-scheme",
    // The path.
    "x-original-prefix", "x-original-uri", "x-original-url", "x-rewrite-url", "x-script-name",
    // The user or the certificate that a proxy has checked.
    "x-arr-clientcert", "x-authenticated-user", "x-client-cert", "x-remote-user", "x-ssl-client-cert",
    "x-ssl-client-verify",
    // What services say of a request that was kept for later (`outage = "defer"`), and their password.
    "x-deferred-id", "x-deferred-not-before", "x-deferred-sent", "x-peer-secret",
];

/// The names that do not begin with `x-`.
#[rustfmt::skip]
const WITHOUT_X: [&str; 19] = [
    // The client's address.
    "ali-cdn-real-ip", "cdn-src-ip", "cf-connecting-ip", "cf-connecting-ipv6", "cf-pseudo-ipv4", "client-ip",
    "do-connecting-ip", "fastly-client-ip", "fly-client-ip", "forwarded", "forwarded-for", "proxy-client-ip",
    "true-client-ip", "wl-proxy-client-ip",
    // The scheme.
    "front-end-https",
    // The user or the certificate that a proxy has checked (RFC 9440 §2.4).
    "client-cert", "client-cert-chain", "remote-user", "ssl-client-cert",
];

/// Whether the field is a claim. `name` is in lower case.
pub(super) fn is_claim(name: &str) -> bool {
    match name.as_bytes() {
        [b'x', b'-', ..] => name.starts_with(PREFIX) || WITH_X.contains(&name),
        // Browsers send few names that begin with one of these letters.
        [
            b'a' | b'c' | b'd' | b'f' | b'p' | b'r' | b's' | b't' | b'w',
            ..,
        ] => WITHOUT_X.contains(&name),
        _ => false,
    }
}

/// All claims that are listed by their whole name.
#[cfg(any(fuzzing, test))]
pub(super) fn known() -> impl Iterator<Item = &'static str> {
    WITH_X.into_iter().chain(WITHOUT_X)
}

#[cfg(test)]
mod tests {
    use super::{is_claim, known};

    #[test]
    fn every_name_of_the_list_is_a_claim() {
        for name in known() {
            assert!(is_claim(name), "{name}");
        }
    }

    #[test]
    fn the_whole_family_of_x_forwarded_is_a_claim() {
        for name in [
            "x-forwarded",
            "x-forwarded-by",
            "x-forwarded-client-cert",
            "x-forwarded-for",
            "x-forwarded-host",
            "x-forwarded-port",
            "x-forwarded-prefix",
            "x-forwarded-proto",
            "x-forwarded-protocol",
            "x-forwarded-scheme",
            "x-forwarded-server",
            "x-forwarded-ssl",
            "x-forwarded-uri",
            "x-forwarded-user",
        ] {
            assert!(is_claim(name), "{name}");
        }
    }

    #[test]
    fn a_clients_usual_fields_are_no_claims() {
        for name in [
            "accept",
            "authorization",
            "cookie",
            "content-type",
            "idempotency-key",
            "referer",
            "user-agent",
            "x-requested-with",
            "x-csrf-token",
            "x-http-method-override",
            "x-original-filename",
            "x-for",
            "x",
            "",
        ] {
            assert!(!is_claim(name), "{name}");
        }
    }
}
