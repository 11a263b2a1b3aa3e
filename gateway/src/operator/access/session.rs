//! A browser's session: a cookie that says when it ends, with a seal that only this token makes.
//!
//! The gateway stores nothing for it. So it survives a restart, counts at each of several gateways
//! with the same token, and ends for all when the token is changed.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use actix_web::http::header::{COOKIE, HeaderMap};
use hmac::digest::Key;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

use crate::settings::admin_token::AdminToken;
use crate::upstream::OWN_COOKIE;

/// A day of work.
pub(super) const LIFETIME: Duration = Duration::from_secs(12 * 60 * 60);

/// Keeps this use of the token apart from any other.
const PURPOSE: &[u8] = b"passe-plat: a session of the operator's port, until ";

pub(super) struct Sessions(Hmac<Sha256>);

impl Sessions {
    pub(super) fn of(token: &AdminToken) -> Self {
        let mut block = Key::<Hmac<Sha256>>::default();
        let secret = Sha256::digest(token.expose());
        // HMAC fills a short key with zeros itself.
        block
            .iter_mut()
            .zip(secret)
            .for_each(|(byte, own)| *byte = own);
        Self(Hmac::new(&block))
    }

    /// The value of a new session's cookie: `SECONDS.SEAL`.
    pub(super) fn begin(&self, now: SystemTime) -> String {
        let until = seconds(now + LIFETIME);
        let seal = self.sealing(until).finalize().into_bytes();
        format!("{until}.{}", hex::encode(seal))
    }

    /// Whether a cookie of this request is a session that is not over.
    pub(super) fn has_valid(&self, headers: &HeaderMap, now: SystemTime) -> bool {
        let fields = headers.get_all(COOKIE);
        let fields = fields.filter_map(|field| field.to_str().ok());
        let mut pairs = fields.flat_map(|field| field.split(';'));
        pairs.any(|pair| match pair.trim().split_once('=') {
            Some((OWN_COOKIE, value)) => self.is_valid(value, now),
            _ => false,
        })
    }

    fn is_valid(&self, value: &str, now: SystemTime) -> bool {
        let Some((until, seal)) = value.split_once('.') else {
            return false;
        };
        let (Ok(until), Ok(seal)) = (until.parse(), hex::decode(seal)) else {
            return false;
        };
        // In constant time.
        seconds(now) < until && self.sealing(until).verify_slice(&seal).is_ok()
    }

    fn sealing(&self, until: u64) -> Hmac<Sha256> {
        self.0
            .clone()
            .chain_update(PURPOSE)
            .chain_update(until.to_be_bytes())
    }
}

fn seconds(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use actix_web::http::header::{COOKIE, HeaderMap, HeaderValue};

    use super::{LIFETIME, Sessions};
    use crate::upstream::OWN_COOKIE;

    fn sessions(token: &str) -> Sessions {
        Sessions::of(&token.parse().unwrap())
    }

    fn sent(cookies: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.append(COOKIE, HeaderValue::from_str(cookies).unwrap());
        headers
    }

    #[test]
    fn a_session_is_valid_until_its_end_and_for_its_token_only() {
        let (own, now) = (sessions("0123456789abcdef"), SystemTime::now());
        let cookie = format!("a=b; {OWN_COOKIE}={}", own.begin(now));
        assert!(own.has_valid(&sent(&cookie), now));
        let last = now + LIFETIME - Duration::from_secs(1);
        assert!(own.has_valid(&sent(&cookie), last));
        assert!(!own.has_valid(&sent(&cookie), now + LIFETIME));
        assert!(!sessions("0123456789abcdeF").has_valid(&sent(&cookie), now));
    }

    #[test]
    fn a_session_that_was_changed_is_none() {
        let (own, now) = (sessions("0123456789abcdef"), SystemTime::now());
        let value = own.begin(now);
        let (until, seal) = value.split_once('.').unwrap();
        let later = until.parse::<u64>().unwrap() + 1;
        for value in [
            format!("{later}.{seal}"),
            format!("{until}.{}", &seal[2..]),
            format!("{until}."),
            until.to_owned(),
            format!(".{seal}"),
            String::new(),
        ] {
            let cookie = format!("{OWN_COOKIE}={value}");
            assert!(!own.has_valid(&sent(&cookie), now), "{value}");
        }
        assert!(!own.has_valid(&sent(&format!("other={value}")), now));
    }
}
