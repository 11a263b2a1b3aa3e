//! The tokens that this service issues and reads.
//!
//! A token names a session and proves that this service issued it. The store knows whether the
//! session still exists: a signature cannot be revoked. New tokens are signed with Ed25519, so that
//! the other services can check them with a public key; the HMAC tokens of earlier versions (RFC
//! 7518 §3.2) are read until they expire.

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use service_kit::access::{Claims, PublicKeys, SigningError, SigningKey, TokenError};

pub use service_kit::env::Secret;

pub(crate) struct Tokens {
    signing: SigningKey,
    published: JwkSet,
    checking: PublicKeys,
    /// The keys of HMAC tokens.
    earlier: Vec<DecodingKey>,
    validation: Validation,
}

impl Tokens {
    /// Signs with `secret`. A token signed with `previous`, the secret before a rotation, is still
    /// read.
    pub(crate) fn new(secret: &Secret, previous: Option<&Secret>) -> Result<Self, SigningError> {
        let signing = SigningKey::derived_from(secret.expose())?;
        let mut published = vec![signing.public().clone()];
        if let Some(previous) = previous {
            let previous = SigningKey::derived_from(previous.expose())?;
            published.push(previous.public().clone());
        }
        let published = JwkSet { keys: published };
        let mut validation = Validation::new(Algorithm::HS256);
        // The same clock sets the time and checks it.
        validation.leeway = 0;
        let secrets = [Some(secret), previous].into_iter().flatten();
        Ok(Self {
            signing,
            checking: PublicKeys::of(&published),
            published,
            earlier: secrets
                .map(|secret| DecodingKey::from_secret(secret.expose()))
                .collect(),
            validation,
        })
    }

    pub(crate) fn sign(&self, claims: &Claims) -> Result<String, SigningError> {
        self.signing.sign(claims)
    }

    /// The public keys (RFC 7517 §5), for whoever checks tokens.
    pub(crate) fn published(&self) -> &JwkSet {
        &self.published
    }

    pub(crate) fn read(&self, token: &str) -> Result<Claims, TokenError> {
        match self.checking.read(token) {
            Err(TokenError::UnknownKey) => self.read_earlier(token),
            read => read,
        }
    }

    /// A token of an earlier version names no key.
    fn read_earlier(&self, token: &str) -> Result<Claims, TokenError> {
        let mut refused = TokenError::UnknownKey;
        for key in &self.earlier {
            match jsonwebtoken::decode::<Claims>(token, key, &self.validation) {
                Ok(token) => return Ok(token.claims),
                Err(error) => refused = error.into(),
            }
            if matches!(refused, TokenError::Expired) {
                break;
            }
        }
        Err(refused)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
    use service_kit::access::{Claims, TokenError};
    use shared_types::account::Role;
    use shared_types::id::{ClientId, SessionId};
    use shared_types::value::Timestamp;

    use super::{Secret, Tokens};

    const SECRET: &str = "0123456789abcdef0123456789abcdef";
    const OTHER: &str = "another secret of enough bytes to be taken";

    fn secret(text: &str) -> Secret {
        text.parse().unwrap()
    }

    fn tokens(text: &str) -> Tokens {
        Tokens::new(&secret(text), None).unwrap()
    }

    fn claims(begins: Timestamp, ends: Timestamp) -> Claims {
        let (client, session) = (ClientId::generate(), SessionId::generate());
        Claims::new(client, session, Role::Chef, (begins, ends))
    }

    fn live() -> Claims {
        let now = Timestamp::now();
        claims(now, now.after(Duration::from_secs(60)))
    }

    /// A token as an earlier version made it.
    fn hmac(algorithm: Algorithm, secret: &str, claims: &Claims) -> String {
        let key = EncodingKey::from_secret(secret.as_bytes());
        encode(&Header::new(algorithm), claims, &key).unwrap()
    }

    #[test]
    fn a_token_reads_back_as_it_was_signed() {
        let (tokens, claims) = (tokens(SECRET), live());
        let token = tokens.sign(&claims).unwrap();
        assert_eq!(tokens.read(&token).unwrap(), claims);
    }

    #[test]
    fn a_token_of_an_earlier_version_is_read_until_it_expires() {
        let (tokens, claims) = (tokens(SECRET), live());
        let token = hmac(Algorithm::HS256, SECRET, &claims);
        assert_eq!(tokens.read(&token).unwrap(), claims);
        let past = Timestamp::from_millis(Timestamp::now().millis() - 2_000).unwrap();
        let expired = hmac(Algorithm::HS256, SECRET, &self::claims(past, past));
        let refused = tokens.read(&expired).unwrap_err();
        assert!(matches!(refused, TokenError::Expired), "{refused:?}");
    }

    #[test]
    fn a_token_signed_otherwise_is_refused() {
        let claims = live();
        let tokens = tokens(SECRET);
        let foreign = self::tokens(OTHER).sign(&claims).unwrap();
        assert!(tokens.read(&foreign).is_err());
        assert!(
            tokens
                .read(&hmac(Algorithm::HS256, OTHER, &claims))
                .is_err()
        );
        for algorithm in [Algorithm::HS384, Algorithm::HS512] {
            let token = hmac(algorithm, SECRET, &claims);
            assert!(tokens.read(&token).is_err(), "{algorithm:?}");
        }
    }

    #[test]
    fn after_a_rotation_the_tokens_of_both_secrets_are_read_and_both_keys_published() {
        let claims = live();
        let before = [
            tokens(SECRET).sign(&claims).unwrap(),
            hmac(Algorithm::HS256, SECRET, &claims),
        ];
        let rotated = Tokens::new(&secret(OTHER), Some(&secret(SECRET))).unwrap();
        for token in &before {
            assert_eq!(rotated.read(token).unwrap(), claims);
        }
        let new = rotated.sign(&claims).unwrap();
        assert!(tokens(OTHER).read(&new).is_ok());
        assert_eq!(rotated.published().keys.len(), 2);
        // Once the previous secret is gone, so are its tokens.
        for token in &before {
            assert!(tokens(OTHER).read(token).is_err());
        }
    }
}
