//! The password of the operator's port.

use std::fmt;
use std::str::FromStr;

use subtle::ConstantTimeEq as _;

/// A random token of this length cannot be guessed; a shorter one is a word.
const MIN_BYTES: usize = 16;

/// `GATEWAY_ADMIN_TOKEN`: at least 16 visible ASCII characters, never printed.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct AdminToken(String);

impl AdminToken {
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// Whether this was sent. The time does not tell how much of it is right.
    pub(crate) fn is(&self, sent: &str) -> bool {
        self.0.as_bytes().ct_eq(sent.as_bytes()).into()
    }

    /// Whether it is a part of this field.
    pub(crate) fn is_in(&self, field: &[u8]) -> bool {
        let mut parts = field.windows(self.0.len());
        parts.any(|part| part == self.0.as_bytes())
    }

    /// Whether somebody may have sent this as a guess. A JWT is a guest's token, unless this one
    /// looks like one too.
    pub(crate) fn could_be(&self, sent: &str) -> bool {
        !is_like_jwt(sent) || is_like_jwt(&self.0)
    }
}

/// Three parts with dots between them (RFC 7515 §7.1).
fn is_like_jwt(text: &str) -> bool {
    text.bytes().filter(|byte| *byte == b'.').count() == 2
}

impl FromStr for AdminToken {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // It travels in a header field.
        if text.len() < MIN_BYTES || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("expected at least 16 visible ASCII characters without a space");
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Debug for AdminToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AdminToken(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::AdminToken;

    const TOKEN: &str = "0123456789abcdef";

    #[test]
    fn only_the_whole_token_is_it() {
        let token: AdminToken = TOKEN.parse().unwrap();
        assert!(token.is(TOKEN));
        for sent in ["", &TOKEN[1..], &format!("{TOKEN}0"), "0123456789abcdeF"] {
            assert!(!token.is(sent), "{sent}");
        }
    }

    #[test]
    fn the_token_is_found_wherever_a_field_has_it() {
        let token: AdminToken = TOKEN.parse().unwrap();
        for field in ["Bearer 0123456789abcdef", "bearer\t0123456789abcdef, x"] {
            assert!(token.is_in(field.as_bytes()), "{field}");
        }
        for field in ["", "Bearer guest", "Bearer 0123456789abcde"] {
            assert!(!token.is_in(field.as_bytes()), "{field}");
        }
    }

    #[test]
    fn a_jwt_is_a_guess_only_if_the_token_looks_like_one() {
        let token: AdminToken = TOKEN.parse().unwrap();
        assert!(!token.could_be("e30.e30.c2ln"));
        assert!(token.could_be("0123456789.abcde"));
        let dotted: AdminToken = "01234.56789.abcdef".parse().unwrap();
        assert!(dotted.could_be("e30.e30.c2ln"));
    }

    #[test]
    fn a_token_is_long_enough_fits_a_header_and_is_never_printed() {
        for text in [&TOKEN[1..], "0123456789 abcdef", "é0123456789abcdef"] {
            assert!(text.parse::<AdminToken>().is_err(), "{text}");
        }
        let token: AdminToken = TOKEN.parse().unwrap();
        assert_eq!(format!("{token:?}"), "AdminToken(…)");
    }
}
