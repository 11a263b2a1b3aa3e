//! Requests that may be repeated: one that brings an `Idempotency-Key` is done once, and its answer given again for 24 h.
//!
//! The field is that of draft-ietf-httpapi-idempotency-key-header. The key is written in the transaction of what the
//! request makes, so that of two at once the second waits for the first and then finds its answer. A request that failed
//! leaves nothing behind and may be repeated with the same key. Of the body only a keyed hash is kept.

use std::future::Future;
use std::pin::Pin;
use std::sync::LazyLock;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header::{ContentType, HeaderMap, HeaderName};
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use deserr::Deserr;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::Serialize;
use sha2::Sha256;
use shared_types::field::FieldErrors;
use shared_types::text::Text;
use shared_types::value::Timestamp;
use sqlx::migrate::Migrator;
use sqlx::{Any, AnyConnection, Executor};

use crate::database::Database;
use crate::failure::Failure;
use crate::housekeeping::delete_by_portions;
use crate::input;

const HEADER: HeaderName = HeaderName::from_static("idempotency-key");

/// Longer than any common format of a key; it bounds what a client can have kept.
const MAX_KEY_LENGTH: usize = 255;

/// How long an answer is given again.
pub const KEPT: Duration = Duration::from_secs(24 * 60 * 60);

/// The keys' own table, beside those of the service.
pub static MIGRATIONS: LazyLock<Migrator> = LazyLock::new(|| {
    let mut migrations = sqlx::migrate!("migrations/idempotency");
    migrations.dangerous_set_table_name("_idempotency_migrations");
    migrations
});

/// A JSON body, and the key that makes it one of a kind, where there is one.
pub struct Submission<T> {
    pub body: T,
    pub key: Option<Key>,
}

/// What the client calls its request, and what the request was.
pub struct Key {
    name: String,
    canonical_body: Vec<u8>,
}

/// A key as it is kept.
#[derive(Clone, Debug)]
pub struct SealedKey {
    name: String,
    fingerprint: String,
}

/// What there is to do for a key.
#[derive(Debug)]
pub enum Claim {
    /// It is new: do it, and [`keep`](SealedKey::keep) the answer in the same transaction.
    First,
    /// It was done: this was the answer.
    Done(String),
    /// It came with another body.
    Reused,
}

/// Something that is there, and was made only once.
pub enum Made<T> {
    Now(T),
    /// By an earlier request with the same key, which was answered this JSON.
    Before(String),
}

impl<T: Serialize> Made<T> {
    /// The 201 of both, which differ in nothing.
    #[must_use]
    pub fn created(self) -> HttpResponse {
        let mut answer = HttpResponse::Created();
        match self {
            Self::Now(made) => answer.json(made),
            Self::Before(text) => answer.content_type(ContentType::json()).body(text),
        }
    }
}

impl<T: Deserr<FieldErrors> + 'static> FromRequest for Submission<T> {
    type Error = Failure;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Failure>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let name = key_name(request.headers());
        let value = input::json_value(request, payload);
        Box::pin(async move {
            let name = name?;
            let value = value.await?;
            // The keys of an object are sorted in a `Value`: the same body is the same text, however it was spelled.
            let key = name.map(|name| Key {
                name,
                canonical_body: value.to_string().into_bytes(),
            });
            let body = input::parse(value)?;
            Ok(Self { body, key })
        })
    }
}

fn key_name(headers: &HeaderMap) -> Result<Option<String>, Failure> {
    let mut sent = headers.get_all(HEADER);
    match (sent.next(), sent.next()) {
        (None, _) => Ok(None),
        (Some(key), None) => key
            .to_str()
            .ok()
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
    let text = Text::formatted(
        format!("une seule clé, de 1 à {MAX_KEY_LENGTH} caractères ASCII visibles"),
        format!("one key of 1 to {MAX_KEY_LENGTH} visible ASCII characters"),
    );
    Failure::invalid(FieldErrors::one("Idempotency-Key", text))
}

impl Key {
    /// `secret` keeps whoever reads the table from finding a guessable body, such as one with a password, by trying.
    #[must_use]
    pub fn sealed_with(&self, secret: &[u8]) -> SealedKey {
        let fingerprint = Hmac::<Sha256>::new_from_slice(secret)
            .map(|mac| mac.chain_update(&self.canonical_body).finalize())
            // HMAC takes secrets of any length (RFC 2104 §3).
            .map(|mac| hex::encode(mac.into_bytes()))
            .unwrap_or_default();
        SealedKey {
            name: self.name.clone(),
            fingerprint,
        }
    }
}

const CLAIM: &str = "INSERT INTO idempotency_keys (key, fingerprint, made, answer, created_at)
     VALUES ($1, $2, '', '', $3)
     ON CONFLICT (key) DO UPDATE
     SET fingerprint = excluded.fingerprint, made = '', answer = '', created_at = excluded.created_at
     WHERE idempotency_keys.created_at <= $4";

impl SealedKey {
    /// Claims the key within the transaction of what is to be done. Where another request holds it, this waits for the
    /// end of that one's transaction.
    ///
    /// # Errors
    /// The database fails, and the transaction with it.
    pub async fn claim(
        &self,
        connection: &mut AnyConnection,
        now: Timestamp,
    ) -> sqlx::Result<Claim> {
        let claimed = sqlx::query(CLAIM)
            .bind(self.name.as_str())
            .bind(self.fingerprint.as_str())
            .bind(now.millis())
            .bind(now.before(KEPT).millis())
            .execute(&mut *connection)
            .await?;
        if claimed.rows_affected() > 0 {
            return Ok(Claim::First);
        }
        // The row that is in the way stays locked, so that it is there.
        Ok(self.find(connection, now).await?.unwrap_or(Claim::Reused))
    }

    /// What was answered to this key before, for those who would rather know it before they begin.
    ///
    /// # Errors
    /// The database fails.
    pub async fn find(
        &self,
        executor: impl Executor<'_, Database = Any>,
        now: Timestamp,
    ) -> sqlx::Result<Option<Claim>> {
        let row: Option<(String, String)> = sqlx::query_as(
            "SELECT fingerprint, answer FROM idempotency_keys WHERE key = $1 AND created_at > $2",
        )
        .bind(self.name.as_str())
        .bind(now.before(KEPT).millis())
        .fetch_optional(executor)
        .await?;
        Ok(row.map(|(fingerprint, answer)| {
            if fingerprint == self.fingerprint {
                Claim::Done(answer)
            } else {
                Claim::Reused
            }
        }))
    }

    /// Keeps the answer, a JSON text, in the transaction that claimed the key.
    ///
    /// # Errors
    /// The database fails, and the transaction with it.
    pub async fn keep(
        &self,
        connection: &mut AnyConnection,
        made: &str,
        answer: &str,
    ) -> sqlx::Result<()> {
        sqlx::query("UPDATE idempotency_keys SET made = $1, answer = $2 WHERE key = $3")
            .bind(made)
            .bind(answer)
            .bind(self.name.as_str())
            .execute(connection)
            .await?;
        Ok(())
    }
}

/// Forgets the answers about something that is deleted.
///
/// # Errors
/// The database fails.
pub async fn forget(connection: &mut AnyConnection, made: &str) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM idempotency_keys WHERE made = $1")
        .bind(made)
        .execute(connection)
        .await?;
    Ok(())
}

/// Deletes the keys whose time is over.
///
/// # Errors
/// The database fails.
pub async fn sweep(database: &Database, now: Timestamp) -> sqlx::Result<u64> {
    const SWEEP: &str = "DELETE FROM idempotency_keys WHERE key IN
         (SELECT key FROM idempotency_keys WHERE created_at <= $1 LIMIT $2)";
    delete_by_portions(database, SWEEP, now.before(KEPT)).await
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
        for sent in [&["a b"][..], &[""], &[&long], &["a", "a"], &["é"]] {
            let mut headers = HeaderMap::new();
            for key in sent {
                headers.append(HEADER, HeaderValue::from_bytes(key.as_bytes()).unwrap());
            }
            assert!(key_name(&headers).is_err(), "{sent:?}");
        }
        let mut headers = HeaderMap::new();
        assert_eq!(key_name(&headers).unwrap(), None);
        headers.insert(HEADER, HeaderValue::from_static("\"8e03978e\""));
        assert_eq!(key_name(&headers).unwrap().as_deref(), Some("\"8e03978e\""));
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
