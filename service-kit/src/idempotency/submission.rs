//! Reads a request together with its `Idempotency-Key`.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header::{HeaderMap, HeaderName};
use actix_web::{FromRequest, HttpRequest};
use deserr::Deserr;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha2::Sha256;
use shared_types::field::FieldErrors;
use shared_types::text::Text;

use super::SealedKey;
use crate::failure::Failure;
use crate::input;

const HEADER: HeaderName = HeaderName::from_static("idempotency-key");

/// Longer than any common key format; limits the size of the table.
const MAX_KEY_LENGTH: usize = 255;

/// A JSON body and its idempotency key, if any.
pub struct Submission<T> {
    pub body: T,
    pub key: Option<Key>,
}

/// The client's key and the hash of its request.
pub struct Key {
    name: String,
    canonical_body: Vec<u8>,
}

impl<T: Deserr<FieldErrors> + 'static> FromRequest for Submission<T> {
    type Error = Failure;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Failure>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let name = key_name(request.headers());
        let body = input::json_body(request, payload);
        Box::pin(async move {
            let name = name?;
            let body = body.await?;
            let key = match name {
                Some(name) => Some(Key {
                    name,
                    canonical_body: canonical(&body.0)?,
                }),
                None => None,
            };
            let body = body.parse()?;
            Ok(Self { body, key })
        })
    }
}

/// The same text for the same body, however it is spelled: a `Value` sorts the keys of an object. A
/// `null` is the same as nothing, as in every body.
///
/// # Errors
/// The body is not JSON.
pub fn canonical(body: &[u8]) -> Result<Vec<u8>, Failure> {
    let mut value: Value = serde_json::from_slice(body).map_err(Failure::internal)?;
    drop_nulls(&mut value);
    Ok(value.to_string().into_bytes())
}

fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_name, field| !field.is_null());
            fields.values_mut().for_each(drop_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}

/// A key in quotes is the string of a structured field (RFC 8941 §3.3.3), as the draft of
/// `Idempotency-Key` has it: the same key without them.
fn unquoted(key: &str) -> &str {
    let inner = key.strip_prefix('"').and_then(|key| key.strip_suffix('"'));
    inner
        .filter(|inner| !inner.contains(['"', '\\']))
        .unwrap_or(key)
}

/// The key of a request, if it has one.
///
/// # Errors
/// The key is malformed, or there are several.
pub fn key_name(headers: &HeaderMap) -> Result<Option<String>, Failure> {
    let mut sent = headers.get_all(HEADER);
    match (sent.next(), sent.next()) {
        (None, _) => Ok(None),
        (Some(key), None) => key
            .to_str()
            .ok()
            .map(unquoted)
            .filter(|key| is_acceptable(key))
            .map(|key| Some(key.to_owned()))
            .ok_or_else(refused),
        (Some(_), Some(_)) => Err(refused()),
    }
}

fn is_acceptable(key: &str) -> bool {
    (1..=MAX_KEY_LENGTH).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic())
}

fn refused() -> Failure {
    let text = Text::formatted(|say| (say.requests.one_key)(MAX_KEY_LENGTH));
    Failure::invalid(FieldErrors::one("Idempotency-Key", text))
}

impl Key {
    /// `secret` prevents a reader of the table from guessing a body, such as one with a password,
    /// by trying.
    #[must_use]
    pub fn sealed_with(&self, secret: &[u8]) -> SealedKey {
        let fingerprint = Hmac::<Sha256>::new_from_slice(secret)
            .map(|mac| mac.chain_update(&self.canonical_body).finalize())
            // HMAC accepts secrets of any length (RFC 2104 §3).
            .map(|mac| hex::encode(mac.into_bytes()))
            .unwrap_or_default();
        SealedKey {
            name: self.name.clone(),
            fingerprint,
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderMap, HeaderValue};
    use serde_json::json;

    use super::{HEADER, Key, MAX_KEY_LENGTH, key_name};

    fn key(body: &serde_json::Value) -> Key {
        Key {
            name: "a".to_owned(),
            canonical_body: body.to_string().into_bytes(),
        }
    }

    #[test]
    fn only_one_plain_key_is_taken() {
        let long = "k".repeat(MAX_KEY_LENGTH + 1);
        for sent in [
            &["a b"][..],
            &[""],
            &["\"\""],
            &[&long],
            &["a", "a"],
            &["é"],
        ] {
            let mut headers = HeaderMap::new();
            for key in sent {
                headers.append(HEADER, HeaderValue::from_bytes(key.as_bytes()).unwrap());
            }
            assert!(key_name(&headers).is_err(), "{sent:?}");
        }
        let mut headers = HeaderMap::new();
        assert_eq!(key_name(&headers).unwrap(), None);
        headers.insert(HEADER, HeaderValue::from_static("\"8e03978e\""));
        assert_eq!(key_name(&headers).unwrap().as_deref(), Some("8e03978e"));
        headers.insert(HEADER, HeaderValue::from_static("8e03978e"));
        assert_eq!(key_name(&headers).unwrap().as_deref(), Some("8e03978e"));
    }

    #[test]
    fn a_fingerprint_depends_on_the_body_and_the_secret_alone() {
        let one = key(&json!({"a": 1, "b": 2})).sealed_with(b"secret");
        let same =
            key(&serde_json::from_str(r#"{ "b":2, "a":1 }"#).unwrap()).sealed_with(b"secret");
        assert_eq!(one.fingerprint, same.fingerprint);
        assert_eq!(one.fingerprint.len(), 64);
        let other = key(&json!({"a": 1, "b": 3})).sealed_with(b"secret");
        assert_ne!(one.fingerprint, other.fingerprint);
        let elsewhere = key(&json!({"a": 1, "b": 2})).sealed_with(b"another");
        assert_ne!(one.fingerprint, elsewhere.fingerprint);
    }
}
