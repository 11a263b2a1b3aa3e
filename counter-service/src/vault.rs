//! Encrypts kept requests, and makes fingerprints of them.
//!
//! A request holds a token that opens an account, an address and a telephone number. So all of it is
//! encrypted (AES-256-GCM, RFC 5116), and bound to the id of its entry. Two keys are derived from the
//! configured one, since no key should serve two purposes.

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::hmac::{self, HMAC_SHA256};
use service_kit::env::Secret;

/// RFC 5116 §5.1.
const NONCE: usize = 12;

pub(crate) struct Vault {
    requests: RandomizedNonceKey,
    fingerprints: hmac::Key,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum VaultError {
    #[error("the request cannot be encrypted")]
    Seal,
    #[error("the request was encrypted with another COUNTER_SECRET")]
    Open,
}

impl Vault {
    pub(crate) fn new(secret: &Secret) -> Result<Self, VaultError> {
        let secret = hmac::Key::new(HMAC_SHA256, secret.expose());
        let derived = |purpose: &str| hmac::sign(&secret, purpose.as_bytes());
        let requests = RandomizedNonceKey::new(&AES_256_GCM, derived("requests").as_ref());
        Ok(Self {
            requests: requests.map_err(|Unspecified| VaultError::Seal)?,
            fingerprints: hmac::Key::new(HMAC_SHA256, derived("fingerprints").as_ref()),
        })
    }

    /// The nonce and the encrypted text, in hexadecimal digits: both databases store text alike.
    pub(crate) fn seal(&self, id: &str, mut plain: Vec<u8>) -> Result<String, VaultError> {
        let nonce = self
            .requests
            .seal_in_place_append_tag(Aad::from(id), &mut plain)
            .map_err(|Unspecified| VaultError::Seal)?;
        let nonce: &[u8; NONCE] = nonce.as_ref();
        Ok(hex::encode(nonce) + &hex::encode(plain))
    }

    pub(crate) fn open(&self, id: &str, sealed: &str) -> Result<Vec<u8>, VaultError> {
        let mut sealed = hex::decode(sealed).map_err(|_not_hex| VaultError::Open)?;
        let (nonce, text) = sealed.split_at_mut_checked(NONCE).ok_or(VaultError::Open)?;
        let opened = Nonce::try_assume_unique_for_key(nonce)
            .and_then(|nonce| self.requests.open_in_place(nonce, Aad::from(id), text));
        let plain = opened.map_err(|Unspecified| VaultError::Open)?;
        Ok(plain.to_vec())
    }

    /// The same for the same parts. A reader of the table cannot guess a request by trying.
    pub(crate) fn fingerprint(&self, parts: &[&[u8]]) -> String {
        let mut mac = hmac::Context::with_key(&self.fingerprints);
        for part in parts {
            // With its length, so that no two lists of parts read the same.
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        hex::encode(mac.sign())
    }
}

#[cfg(test)]
mod tests {
    use super::Vault;

    fn vault(key: &str) -> Vault {
        Vault::new(&key.parse().unwrap()).unwrap()
    }

    const KEY: &str = "0123456789abcdef0123456789abcdef";

    #[test]
    fn a_request_is_read_back_by_its_own_id_and_key_only() {
        let sealed = vault(KEY).seal("a", b"token".to_vec()).unwrap();
        assert_eq!(vault(KEY).open("a", &sealed).unwrap(), b"token");
        assert!(vault(KEY).open("b", &sealed).is_err());
        let other = "another key of enough bytes to be taken";
        assert!(vault(other).open("a", &sealed).is_err());
        for broken in ["", "00", "zz", &sealed[2..]] {
            assert!(vault(KEY).open("a", broken).is_err(), "{broken}");
        }
    }

    #[test]
    fn the_same_request_is_never_stored_alike() {
        let vault = vault(KEY);
        let seal = || vault.seal("a", b"token".to_vec()).unwrap();
        assert_ne!(seal(), seal());
    }

    #[test]
    fn a_fingerprint_tells_where_a_part_ends() {
        let vault = vault(KEY);
        let one = vault.fingerprint(&[b"ab", b"c"]);
        assert_eq!(one, vault.fingerprint(&[b"ab", b"c"]));
        assert_ne!(one, vault.fingerprint(&[b"a", b"bc"]));
        let other = self::vault("another key of enough bytes to be taken");
        assert_ne!(one, other.fingerprint(&[b"ab", b"c"]));
    }
}
