//! The names of the store's keys. Each begins with the project's name and the version of what the
//! keys hold, so that other programs and versions may use the same store.

use hmac::digest::Key;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

use crate::resilience::client::Client;

const PREFIX: &str = "passe-plat:1";

/// The most answers of a row in the store.
const PLACES: usize = 500;

/// Makes the names.
pub(super) struct Keys {
    /// Hides the addresses of clients.
    keyed: Hmac<Sha256>,
    /// This gateway, as the others know it.
    own: String,
}

impl Keys {
    pub(super) fn new(secret: [u8; 32]) -> Self {
        let mut block = Key::<Hmac<Sha256>>::default();
        // HMAC fills a short key with zeros itself.
        block
            .iter_mut()
            .zip(secret)
            .for_each(|(byte, own)| *byte = own);
        Self {
            keyed: Hmac::new(&block),
            own: hex::encode(rand::random::<[u8; 16]>()),
        }
    }

    pub(super) fn own(&self) -> &str {
        &self.own
    }

    pub(super) fn members(&self) -> String {
        format!("{PREFIX}:gateways")
    }

    /// The count of a client's quota. `limit` tells one quota from another.
    pub(super) fn quota(&self, limit: &str, client: Client) -> String {
        let mut keyed = self.keyed.clone();
        match client {
            Client::V4(address) => keyed.update(&address.octets()),
            Client::V6 { network } => keyed.update(&network.to_be_bytes()),
        }
        let client = short(&keyed.finalize().into_bytes());
        format!("{PREFIX}:quota:{limit}:{client}")
    }

    /// The place of an answer. Those of a row share [`PLACES`], so that nobody fills the store with
    /// the answers to questions that nobody else asks.
    pub(super) fn answer(&self, row: &[u8], key: &[u8]) -> String {
        let digest = Sha256::digest(key);
        let place = digest
            .iter()
            .fold(0, |sum, byte| (sum * 256 + usize::from(*byte)) % PLACES);
        format!("{PREFIX}:answer:{}:{place}", name_of(row))
    }

    pub(super) fn changes(&self) -> String {
        format!("{PREFIX}:changes")
    }

    pub(super) fn changed(&self) -> String {
        format!("{PREFIX}:changed")
    }
}

/// A name for what the text identifies.
pub(super) fn name_of(text: impl AsRef<[u8]>) -> String {
    short(&Sha256::digest(text))
}

/// Half of a hash, which is enough that no two names meet.
fn short(digest: &[u8]) -> String {
    hex::encode(digest.get(..16).unwrap_or(digest))
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::Keys;

    #[test]
    fn an_address_cannot_be_found_without_the_url() {
        let client = "192.0.2.1".parse::<IpAddr>().unwrap().into();
        let [one, same, other] = [[1; 32], [1; 32], [2; 32]].map(Keys::new);
        assert_eq!(one.quota("default", client), same.quota("default", client));
        assert_ne!(one.quota("default", client), other.quota("default", client));
        assert_ne!(one.quota("default", client), one.quota("route", client));
        assert!(!one.quota("default", client).contains("192"));
        assert_ne!(one.own(), same.own());
    }
}
