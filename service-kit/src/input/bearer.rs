//! Reads a bearer token from a request, and asks for one.

use actix_web::http::header::{AUTHORIZATION, HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use shared_types::problem::Code;

use crate::failure::Failure;

/// RFC 6750 §2.1. The scheme is case-insensitive (RFC 9110 §11.1).
#[must_use]
pub fn bearer_token(headers: &HeaderMap) -> Option<&str> {
    let sent = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = sent.trim().split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

/// A 401 to a request without a token (RFC 9110 §15.5.2: with a challenge).
#[must_use]
pub fn token_needed(code: Code) -> Failure {
    challenge(code, "Bearer")
}

/// A 401 to a request whose token is "expired, revoked, malformed, or invalid for other reasons"
/// (RFC 6750 §3.1).
#[must_use]
pub fn token_refused(code: Code) -> Failure {
    challenge(code, r#"Bearer error="invalid_token""#)
}

fn challenge(code: Code, challenge: &'static str) -> Failure {
    Failure::new(code).with_header(WWW_AUTHENTICATE, HeaderValue::from_static(challenge))
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{AUTHORIZATION, HeaderMap, HeaderValue};

    use super::bearer_token;

    #[test]
    fn only_a_bearer_token_is_one() {
        for (sent, expected) in [
            ("Bearer abc", Some("abc")),
            ("bearer  abc ", Some("abc")),
            ("Bearer", None),
            ("Bearer ", None),
            ("Basic abc", None),
            ("abc", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(AUTHORIZATION, HeaderValue::from_static(sent));
            assert_eq!(bearer_token(&headers), expected, "{sent}");
        }
        assert_eq!(bearer_token(&HeaderMap::new()), None);
    }
}
