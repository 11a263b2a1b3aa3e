//! The tokens: JWTs signed with HMAC-SHA-256 (RFC 7518 §3.2), the only algorithm accepted.
//!
//! A token names a session and proves that this service issued it. The store knows whether the
//! session still exists: a signature cannot be revoked.

use std::time::Duration;

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use shared_types::account::Role;
use shared_types::id::{ClientId, SessionId};
use shared_types::value::Timestamp;

use crate::failure::Error;
use crate::secret::Secret;

pub(crate) struct Tokens {
    signing: EncodingKey,
    checking: DecodingKey,
    validation: Validation,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Claims {
    pub(crate) sub: ClientId,
    pub(crate) sid: SessionId,
    /// For the frontend. The service uses the client's current role.
    pub(crate) role: Role,
    /// Seconds since 1970 (RFC 7519 §2).
    pub(crate) iat: i64,
    pub(crate) exp: i64,
}

impl Claims {
    /// `exp` is rounded up to whole seconds: the token must not end before its session, whose row
    /// has the exact time.
    pub(crate) fn new(
        client: ClientId,
        session: SessionId,
        role: Role,
        (begins, ends): (Timestamp, Timestamp),
    ) -> Self {
        Self {
            sub: client,
            sid: session,
            role,
            iat: begins.millis().div_euclid(1000),
            exp: ends
                .after(Duration::from_millis(999))
                .millis()
                .div_euclid(1000),
        }
    }
}

impl Tokens {
    pub(crate) fn signed_with(secret: &Secret) -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        // The same clock sets the time and checks it.
        validation.leeway = 0;
        Self {
            signing: EncodingKey::from_secret(secret.expose()),
            checking: DecodingKey::from_secret(secret.expose()),
            validation,
        }
    }

    pub(crate) fn sign(&self, claims: &Claims) -> Result<String, Error> {
        let header = Header::new(Algorithm::HS256);
        jsonwebtoken::encode(&header, claims, &self.signing).map_err(Error::Signing)
    }

    /// # Errors
    /// The token is not one of this service's, or its time is over. The signature is checked first,
    /// so only a genuine token is told that it has expired.
    pub(crate) fn read(&self, token: &str) -> Result<Claims, Error> {
        jsonwebtoken::decode::<Claims>(token, &self.checking, &self.validation)
            .map(|token| token.claims)
            .map_err(|error| match error.kind() {
                ErrorKind::ExpiredSignature => Error::SessionEnded,
                _ => Error::TokenRefused(error),
            })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
    use shared_types::account::Role;
    use shared_types::id::{ClientId, SessionId};
    use shared_types::value::Timestamp;

    use super::{Claims, Error, Tokens};

    const SECRET: &str = "0123456789abcdef0123456789abcdef";

    fn tokens(secret: &str) -> Tokens {
        Tokens::signed_with(&secret.parse().unwrap())
    }

    fn tokens_of_another() -> Tokens {
        tokens("another secret of enough bytes to be taken")
    }

    fn claims(begins: Timestamp, ends: Timestamp) -> Claims {
        let (client, session) = (ClientId::generate(), SessionId::generate());
        Claims::new(client, session, Role::Chef, (begins, ends))
    }

    fn live() -> Claims {
        let now = Timestamp::now();
        claims(now, now.after(Duration::from_secs(60)))
    }

    #[test]
    fn a_token_reads_back_as_it_was_signed() {
        let (tokens, claims) = (tokens(SECRET), live());
        let token = tokens.sign(&claims).unwrap();
        assert_eq!(tokens.read(&token).unwrap(), claims);
    }

    #[test]
    fn a_token_signed_otherwise_is_refused() {
        let claims = live();
        let other = tokens_of_another();
        assert!(tokens(SECRET).read(&other.sign(&claims).unwrap()).is_err());
        for algorithm in [Algorithm::HS384, Algorithm::HS512] {
            let key = EncodingKey::from_secret(SECRET.as_bytes());
            let token = encode(&Header::new(algorithm), &claims, &key).unwrap();
            assert!(tokens(SECRET).read(&token).is_err(), "{algorithm:?}");
        }
    }

    #[test]
    fn a_token_of_the_past_is_refused_without_leeway() {
        let past = Timestamp::from_millis(Timestamp::now().millis() - 2_000).unwrap();
        let tokens = tokens(SECRET);
        let token = tokens.sign(&claims(past, past)).unwrap();
        assert!(matches!(tokens.read(&token), Err(Error::SessionEnded)));
        let forged = tokens_of_another().sign(&claims(past, past)).unwrap();
        assert!(matches!(tokens.read(&forged), Err(Error::TokenRefused(_))));
    }

    #[test]
    fn a_token_does_not_end_before_its_session() {
        let ends = Timestamp::from_millis(1_795_353_000_001).unwrap();
        assert_eq!(claims(ends, ends).exp, 1_795_353_001);
        assert_eq!(claims(ends, ends).iat, 1_795_353_000);
    }
}
