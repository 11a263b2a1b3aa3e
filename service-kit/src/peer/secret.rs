//! The password by which the services of a restaurant know each other.

use std::fmt;
use std::str::FromStr;

use subtle::ConstantTimeEq as _;

/// As long as the secret of the tokens has to be.
const MIN_BYTES: usize = 32;

/// `PEER_SECRET`: at least 32 visible ASCII characters, never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct PeerSecret(String);

impl PeerSecret {
    #[must_use]
    pub fn random() -> Self {
        let bytes: [u8; MIN_BYTES] = rand::random();
        Self(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether this is what another service sent. The time does not tell how much of it is right.
    #[must_use]
    pub fn is(&self, sent: &str) -> bool {
        self.0.as_bytes().ct_eq(sent.as_bytes()).into()
    }
}

impl FromStr for PeerSecret {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // It travels in a header field.
        if text.len() < MIN_BYTES || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("expected at least 32 visible ASCII characters without a space");
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Debug for PeerSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PeerSecret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::PeerSecret;

    const SECRET: &str = "0123456789abcdef0123456789abcdef";

    #[test]
    fn only_the_whole_secret_is_it() {
        let secret: PeerSecret = SECRET.parse().unwrap();
        assert!(secret.is(SECRET));
        for sent in ["", &SECRET[1..], &format!("{SECRET}0")] {
            assert!(!secret.is(sent), "{sent}");
        }
    }

    #[test]
    fn a_secret_is_long_enough_fits_a_header_and_is_never_printed() {
        for text in [
            &SECRET[1..],
            "0123456789abcdef 0123456789abcdef",
            "é0123456789abcdef0123456789abcdef",
        ] {
            assert!(text.parse::<PeerSecret>().is_err(), "{text}");
        }
        let made = PeerSecret::random();
        assert_eq!(made.expose().parse::<PeerSecret>().unwrap(), made);
        assert_ne!(PeerSecret::random(), made);
        let secret: PeerSecret = SECRET.parse().unwrap();
        assert_eq!(format!("{secret:?}"), "PeerSecret(…)");
    }
}
