//! The URL of the shared store, which holds a password.

use std::fmt;
use std::str::FromStr;

use redis::{Client, ConnectionAddr};
use sha2::{Digest as _, Sha256};

const EXPECTED: &str = "expected redis://[[user]:password@]host[:port][/database], \
                        or rediss:// for TLS";

/// `GATEWAY_REDIS_URL`.
#[derive(Clone)]
pub(super) struct StoreUrl {
    client: Client,
    /// The same for all gateways with this URL.
    secret: [u8; 32],
}

impl StoreUrl {
    pub(super) fn client(&self) -> Client {
        self.client.clone()
    }

    pub(super) fn secret(&self) -> [u8; 32] {
        self.secret
    }
}

impl FromStr for StoreUrl {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let client = Client::open(text).map_err(|_unreadable| EXPECTED)?;
        if let ConnectionAddr::TcpTls { insecure: true, .. } = client.get_connection_info().addr() {
            return Err("the store's certificate must be verified: leave out #insecure");
        }
        Ok(Self {
            client,
            secret: Sha256::digest(text).into(),
        })
    }
}

impl fmt::Debug for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = self.client.get_connection_info().addr();
        f.debug_tuple("StoreUrl")
            .field(&address.to_string())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::StoreUrl;

    #[test]
    fn a_url_names_a_redis_with_or_without_tls() {
        for good in [
            "redis://cache",
            "redis://:secret@cache:6380/2",
            "rediss://gateway:secret@cache.example",
            "redis://[::1]:6379",
        ] {
            assert!(good.parse::<StoreUrl>().is_ok(), "{good}");
        }
        for bad in [
            "cache:6379",
            "http://cache",
            "redis://",
            "redis://cache/two",
            "rediss://cache/#insecure",
        ] {
            assert!(bad.parse::<StoreUrl>().is_err(), "{bad}");
        }
    }

    #[test]
    fn the_password_is_never_shown() {
        let url: StoreUrl = "redis://gateway:hidden@cache".parse().unwrap();
        assert!(!format!("{url:?}").contains("hidden"));
    }
}
