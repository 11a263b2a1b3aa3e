//! The tokens: JWTs (RFC 7519) signed with Ed25519 (RFC 8037), whose public keys anyone may know.

use std::fmt;
use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::jwk::{Jwk, JwkSet, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use shared_types::account::Role;
use shared_types::id::{ClientId, SessionId};
use shared_types::value::Timestamp;

/// What a token says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    pub sub: ClientId,
    pub sid: SessionId,
    pub role: Role,
    /// Seconds since 1970 (RFC 7519 §2).
    pub iat: i64,
    pub exp: i64,
}

impl Claims {
    /// `exp` is rounded up to whole seconds: the token must not end before its session, whose row
    /// has the exact time.
    #[must_use]
    pub fn new(
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

/// The private key of the client service.
pub struct SigningKey {
    private: EncodingKey,
    header: Header,
    public: Jwk,
}

/// A key cannot be made, or a token cannot be signed.
#[derive(Debug, thiserror::Error)]
#[error("a token cannot be signed")]
pub struct SigningError(#[from] jsonwebtoken::errors::Error);

/// Keeps this use of the secret apart from any other.
const PURPOSE: &[u8] = b"passe-plat: the Ed25519 key that signs tokens";

/// What comes before the 32 bytes of a private key in PKCS#8 (RFC 8410 §7).
const PKCS8_PREFIX: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

impl SigningKey {
    /// The same secret gives the same key, so that all replicas have one key and the secret is all
    /// that an operator has to keep.
    ///
    /// # Errors
    /// The cryptographic library refuses the key, which it never does.
    pub fn derived_from(secret: &[u8]) -> Result<Self, SigningError> {
        // HMAC takes a key of any length.
        let seed = Hmac::<Sha256>::new_from_slice(secret)
            .map_err(|_length| jsonwebtoken::errors::Error::from(ErrorKind::InvalidEddsaKey))?
            .chain_update(PURPOSE)
            .finalize()
            .into_bytes();
        let private = EncodingKey::from_ed_der(&[&PKCS8_PREFIX[..], &seed[..]].concat());
        let mut public = Jwk::from_encoding_key(&private, Algorithm::EdDSA)?;
        let id = public.thumbprint(ThumbprintHash::SHA256)?;
        public.common.key_id = Some(id.clone());
        public.common.public_key_use = Some(PublicKeyUse::Signature);
        let header = Header {
            kid: Some(id),
            ..Header::new(Algorithm::EdDSA)
        };
        Ok(Self {
            private,
            header,
            public,
        })
    }

    /// # Errors
    /// The cryptographic library refuses to sign, which it never does.
    pub fn sign(&self, claims: &Claims) -> Result<String, SigningError> {
        Ok(jsonwebtoken::encode(&self.header, claims, &self.private)?)
    }

    /// The public key (RFC 7517).
    #[must_use]
    pub fn public(&self) -> &Jwk {
        &self.public
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(…)")
    }
}

/// Why a token is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    #[error("the token has expired")]
    Expired,
    #[error("the token names no known key")]
    UnknownKey,
    #[error("the token is invalid")]
    Invalid(#[source] jsonwebtoken::errors::Error),
}

impl From<jsonwebtoken::errors::Error> for TokenError {
    fn from(error: jsonwebtoken::errors::Error) -> Self {
        match error.kind() {
            ErrorKind::ExpiredSignature => Self::Expired,
            _ => Self::Invalid(error),
        }
    }
}

/// The public keys whose tokens are accepted.
#[derive(Debug)]
pub struct PublicKeys {
    keys: Vec<(String, DecodingKey)>,
    validation: Validation,
}

impl PublicKeys {
    /// Leaves out keys of other algorithms.
    #[must_use]
    pub fn of(set: &JwkSet) -> Self {
        let mut validation = Validation::new(Algorithm::EdDSA);
        // A token ends with its session, to the second.
        validation.leeway = 0;
        let is_ours = |jwk: &&Jwk| Jwk::is_supported(jwk) && is_ed25519(jwk);
        let key = |jwk: &Jwk| Some((jwk.common.key_id.clone()?, DecodingKey::from_jwk(jwk).ok()?));
        Self {
            keys: set.keys.iter().filter(is_ours).filter_map(key).collect(),
            validation,
        }
    }

    /// # Errors
    /// The token is not one of the client service's, or its time is over.
    pub fn read(&self, token: &str) -> Result<Claims, TokenError> {
        let header = jsonwebtoken::decode_header(token).map_err(TokenError::Invalid)?;
        let key = self
            .keys
            .iter()
            .find(|(id, _)| header.kid.as_ref() == Some(id));
        let (_, key) = key.ok_or(TokenError::UnknownKey)?;
        jsonwebtoken::decode::<Claims>(token, key, &self.validation)
            .map(|token| token.claims)
            .map_err(TokenError::from)
    }
}

fn is_ed25519(jwk: &Jwk) -> bool {
    use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve};
    matches!(&jwk.algorithm, AlgorithmParameters::OctetKeyPair(pair) if pair.curve == EllipticCurve::Ed25519)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jsonwebtoken::jwk::JwkSet;
    use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
    use shared_types::account::Role;
    use shared_types::id::{ClientId, SessionId};
    use shared_types::value::Timestamp;

    use super::{Claims, PublicKeys, SigningKey, TokenError};

    const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";

    fn key(secret: &[u8]) -> SigningKey {
        SigningKey::derived_from(secret).unwrap()
    }

    fn published(keys: &[&SigningKey]) -> PublicKeys {
        let keys = keys.iter().map(|key| key.public().clone()).collect();
        PublicKeys::of(&JwkSet { keys })
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
        let (key, claims) = (key(SECRET), live());
        let token = key.sign(&claims).unwrap();
        assert_eq!(published(&[&key]).read(&token).unwrap(), claims);
    }

    #[test]
    fn the_same_secret_gives_the_same_key_and_another_gives_another() {
        let other = key(b"another secret of enough bytes to be taken");
        assert_eq!(key(SECRET).public(), key(SECRET).public());
        assert_ne!(key(SECRET).public(), other.public());
    }

    #[test]
    fn a_published_key_is_an_ed25519_one_and_nothing_of_the_private_half() {
        let jwk = serde_json::to_value(key(SECRET).public()).unwrap();
        let mut names: Vec<_> = jwk.as_object().unwrap().keys().cloned().collect();
        names.sort();
        assert_eq!(names, ["alg", "crv", "kid", "kty", "use", "x"]);
        assert_eq!(
            (&jwk["kty"], &jwk["crv"]),
            (&"OKP".into(), &"Ed25519".into())
        );
        assert_eq!((&jwk["alg"], &jwk["use"]), (&"EdDSA".into(), &"sig".into()));
    }

    #[test]
    fn a_token_of_any_published_key_is_accepted_and_of_no_other() {
        let (old, new) = (key(b"the secret before the rotation, 32 b"), key(SECRET));
        let token = old.sign(&live()).unwrap();
        assert!(published(&[&new, &old]).read(&token).is_ok());
        let refused = published(&[&new]).read(&token).unwrap_err();
        assert!(matches!(refused, TokenError::UnknownKey), "{refused:?}");
    }

    #[test]
    fn a_changed_token_is_refused() {
        let key = key(SECRET);
        let token = key.sign(&live()).unwrap();
        let keys = published(&[&key]);
        let parts: Vec<&str> = token.split('.').collect();
        let [header, payload, signature] = parts[..] else {
            panic!("{token}");
        };
        let other = key
            .sign(&claims(Timestamp::now(), Timestamp::now()))
            .unwrap();
        let other = other.split('.').nth(1).unwrap();
        for changed in [
            format!("{header}.{other}.{signature}"),
            format!("{header}.{payload}."),
            format!("{header}.{payload}.{}", "A".repeat(signature.len())),
            format!("{header}.{payload}"),
            String::new(),
            "a.b.c".to_owned(),
        ] {
            assert!(keys.read(&changed).is_err(), "{changed}");
        }
    }

    /// With the public key as the secret of HMAC, which is the known attack on verifiers that
    /// believe the header.
    #[test]
    fn a_token_of_another_algorithm_is_refused() {
        let key = key(SECRET);
        let public = serde_json::to_value(key.public()).unwrap();
        let secret = EncodingKey::from_secret(public["x"].as_str().unwrap().as_bytes());
        let header = Header {
            kid: key.public().common.key_id.clone(),
            ..Header::new(Algorithm::HS256)
        };
        let token = encode(&header, &live(), &secret).unwrap();
        let refused = published(&[&key]).read(&token).unwrap_err();
        assert!(matches!(refused, TokenError::Invalid(_)), "{refused:?}");
    }

    #[test]
    fn a_token_of_the_past_is_told_apart() {
        let key = key(SECRET);
        let past = Timestamp::from_millis(Timestamp::now().millis() - 2_000).unwrap();
        let token = key.sign(&claims(past, past)).unwrap();
        let refused = published(&[&key]).read(&token).unwrap_err();
        assert!(matches!(refused, TokenError::Expired), "{refused:?}");
    }

    #[test]
    fn a_token_does_not_end_before_its_session() {
        let ends = Timestamp::from_millis(1_795_353_000_001).unwrap();
        assert_eq!(claims(ends, ends).exp, 1_795_353_001);
        assert_eq!(claims(ends, ends).iat, 1_795_353_000);
    }
}
