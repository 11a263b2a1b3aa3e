//! A token that sets a new password once. Only its hash is stored: whoever reads the database
//! cannot use it.

use rand::TryRng as _;
use rand::rngs::SysRng;
use sha2::{Digest as _, Sha256};

use crate::failure::Error;

/// Nobody guesses 256 random bits, so that their hash needs neither salt nor time.
const BYTES: usize = 32;

/// No `Debug`: it is never logged.
pub(crate) struct FreshToken(String);

impl FreshToken {
    /// # Errors
    /// The system gives no random bytes.
    pub(crate) fn new() -> Result<Self, Error> {
        let mut bytes = [0; BYTES];
        SysRng
            .try_fill_bytes(&mut bytes)
            .map_err(|error| Error::Randomness(error.to_string()))?;
        Ok(Self(hex::encode(bytes)))
    }

    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

/// The hash of a token, fresh or sent back.
pub(crate) fn hash(token: &str) -> String {
    hex::encode(Sha256::digest(token.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::{FreshToken, hash};

    #[test]
    fn no_two_tokens_are_the_same_and_a_hash_does_not_show_its_token() {
        let (one, other) = (FreshToken::new().unwrap(), FreshToken::new().unwrap());
        assert_ne!(one.expose(), other.expose());
        assert_eq!(one.expose().len(), 64);
        assert_eq!(hash(one.expose()), hash(one.expose()));
        assert_ne!(hash(one.expose()), one.expose());
    }
}
