//! The passwords' hashes.

use shared_types::id::{ClientId, SessionId};
use shared_types::value::Timestamp;

use super::Store;
use super::ended::{self, Deleted};
use super::resets::WITHDRAW;
use crate::failure::Error;

/// The hash of a new password, and the one that it replaces. No `Debug`: a hash must not be printed.
pub(crate) struct NewHash {
    pub(crate) old: String,
    pub(crate) new: String,
}

const REPLACE: &str = "UPDATE clients SET password_hash = $1, updated_at = $2 \
     WHERE id = $3 AND password_hash = $4";
const END_OTHERS: &str =
    "DELETE FROM sessions WHERE client_id = $1 AND id <> $2 RETURNING id, expires_at";

impl Store {
    /// Replaces the hash, and ends all sessions of the client but one. A mail for a new password is
    /// good no more.
    ///
    /// # Errors
    /// The old hash is not the client's any more: another request has changed it.
    pub(crate) async fn change_password(
        &self,
        id: ClientId,
        hash: &NewHash,
        kept: SessionId,
    ) -> Result<(), Error> {
        let id = id.to_string();
        let _row_lock = self.database.lock_row(&id).await?;
        let mut transaction = self.database.write().await?;
        let replaced = sqlx::query(REPLACE)
            .bind(&hash.new)
            .bind(Timestamp::now().millis())
            .bind(&id)
            .bind(&hash.old)
            .execute(&mut *transaction)
            .await?;
        if replaced.rows_affected() == 0 {
            return Err(Error::WrongPassword);
        }
        let ended: Vec<Deleted> = sqlx::query_as(END_OTHERS)
            .bind(&id)
            .bind(kept.to_string())
            .fetch_all(&mut *transaction)
            .await?;
        sqlx::query(WITHDRAW)
            .bind(&id)
            .execute(&mut *transaction)
            .await?;
        ended::note(&mut transaction, &ended).await?;
        Ok(transaction.commit().await?)
    }
}
