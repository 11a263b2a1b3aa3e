//! Recognises credentials: the fields that tell an upstream who asks.

use actix_web::http::header::{self, HeaderMap};

/// Parts of the field names by which applications send their own keys and tokens (`X-Api-Key`,
/// `X-Auth-Token`, `X-CSRF-Token`, `X-Amz-Security-Token`). A false match costs a stored answer, a
/// missed one somebody's secret.
const IN_NAMES: [&str; 8] = [
    "api-key",
    "apikey",
    "auth",
    "credential",
    "jwt",
    "secret",
    "session",
    "token",
];

/// Whether any field is a credential: `Authorization`, `Cookie`, or an application's own.
pub(super) fn are_in(fields: &HeaderMap) -> bool {
    fields.contains_key(header::AUTHORIZATION)
        || fields.contains_key(header::COOKIE)
        || fields.keys().any(|name| {
            let name = name.as_str();
            IN_NAMES.iter().any(|part| name.contains(part))
        })
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};

    use super::are_in;

    fn has(name: &'static str) -> bool {
        let mut fields = HeaderMap::new();
        fields.insert(HeaderName::from_static(name), HeaderValue::from_static("x"));
        are_in(&fields)
    }

    #[test]
    fn credentials_are_more_than_authorization() {
        for name in [
            "authorization",
            "cookie",
            "proxy-authorization",
            "x-api-key",
            "apikey",
            "x-auth-token",
            "x-amz-security-token",
            "x-session-id",
        ] {
            assert!(has(name), "{name}");
        }
    }

    #[test]
    fn a_browsers_usual_fields_are_no_credentials() {
        for name in [
            "accept",
            "accept-encoding",
            "accept-language",
            "cache-control",
            "host",
            "if-none-match",
            "origin",
            "referer",
            "sec-ch-ua",
            "sec-fetch-site",
            "user-agent",
            "x-request-id",
            "x-requested-with",
        ] {
            assert!(!has(name), "{name}");
        }
    }
}
