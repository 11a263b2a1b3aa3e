//! Stores the keys of requests and their answers in the database.

use shared_types::value::Timestamp;
use sqlx::{Any, AnyConnection, Executor};

use super::ANSWER_LIFETIME;
use crate::database::{Database, RowLock};
use crate::housekeeping::delete_by_portions;

/// A key as it is stored.
#[derive(Clone, Debug)]
pub struct SealedKey {
    pub(super) name: String,
    pub(super) fingerprint: String,
}

/// The state of a key.
#[derive(Debug)]
pub enum Claim {
    /// It is new: execute the request, and [`keep`](SealedKey::keep) the answer in the same
    /// transaction.
    First,
    /// It was used: this is the answer.
    Done(String),
    /// It was used with another body.
    Reused,
}

const CLAIM: &str = "INSERT INTO idempotency_keys (key, fingerprint, made, answer, created_at)
     VALUES ($1, $2, '', '', $3)
     ON CONFLICT (key) DO UPDATE
     SET fingerprint = excluded.fingerprint, made = '', answer = '', created_at = excluded.created_at
     WHERE idempotency_keys.created_at <= $4";

impl SealedKey {
    /// Claims the key within the transaction of the change. When another request has claimed it,
    /// this waits for the end of that transaction.
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
            .bind(now.before(ANSWER_LIFETIME).millis())
            .execute(&mut *connection)
            .await?;
        if claimed.rows_affected() > 0 {
            return Ok(Claim::First);
        }
        // The insert has found a row with this key, and this transaction holds a lock on it: nobody
        // can remove it before it is read here.
        Ok(self.find(connection, now).await?.unwrap_or(Claim::Reused))
    }

    /// The earlier answer to this key, for a caller that checks before it begins.
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
        .bind(now.before(ANSWER_LIFETIME).millis())
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

    /// Stores the answer, a JSON text, in the transaction that claimed the key.
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

/// Waits until no other request of this process uses the same key. Take it before the transaction,
/// so that only one of the requests with this key holds a connection.
///
/// # Errors
/// The requests before this one did not end in time.
pub async fn lock_key(
    database: &Database,
    key: Option<&SealedKey>,
) -> sqlx::Result<Option<RowLock>> {
    match key {
        Some(key) => database.lock_row(&key.name).await.map(Some),
        None => Ok(None),
    }
}

/// Deletes the answers about something that is deleted.
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

/// Deletes the expired keys.
///
/// # Errors
/// The database fails.
pub async fn sweep(database: &Database, now: Timestamp) -> sqlx::Result<u64> {
    const SWEEP: &str = "DELETE FROM idempotency_keys WHERE key IN
         (SELECT key FROM idempotency_keys WHERE created_at <= $1 LIMIT $2)";
    delete_by_portions(database, SWEEP, now.before(ANSWER_LIFETIME)).await
}
