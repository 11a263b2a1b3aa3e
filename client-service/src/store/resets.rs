//! The requests for new passwords, and the hashes of their tokens.

use std::time::Duration;

use shared_types::account::Email;
use shared_types::id::ClientId;
use shared_types::text::Lang;
use shared_types::value::Timestamp;

use super::sessions::end_all;
use super::{Store, read_text, read_time};
use crate::failure::Error;

/// How long a token is good, and how long a mail is worth sending. Enough to find a mail that comes
/// late, and short for one that is found by somebody else.
pub(crate) const LIFETIME: Duration = Duration::from_secs(30 * 60);

/// The mails that one account gets within the lifetime of a token. The last of them outlives that
/// time: whoever asks in the name of another never leaves them without a valid token.
const MAX_MAILS: i64 = 5;

/// A claimed request.
pub(crate) struct ResetRequest {
    email_key: String,
    pub(crate) email: String,
    pub(crate) lang: Lang,
    pub(crate) requested_at: Timestamp,
    /// With the one that it was claimed for.
    pub(crate) attempts: i64,
}

service_kit::row! {
    struct RequestRow {
        email_key: String,
        email: String,
        lang: String,
        requested_at: i64,
        attempts: i64,
    }
}

/// A request that waits already keeps its turn: asking again makes nothing faster.
const REQUEST: &str = "INSERT INTO password_reset_requests \
     (email_key, email, lang, requested_at, due_at, attempts) VALUES ($1, $2, $3, $4, $4, 0) \
     ON CONFLICT (email_key) DO UPDATE SET lang = excluded.lang, \
     requested_at = excluded.requested_at";
/// Of two replicas that claim at once, the second finds the row no longer due.
const CLAIM: &str = "UPDATE password_reset_requests SET due_at = $2, attempts = attempts + 1 \
     WHERE due_at <= $1 AND email_key = (SELECT email_key FROM password_reset_requests \
     WHERE due_at <= $1 ORDER BY due_at, email_key LIMIT 1) \
     RETURNING email_key, email, lang, requested_at, attempts";
const NEXT: &str = "SELECT MIN(due_at) FROM password_reset_requests";
const SETTLE: &str = "DELETE FROM password_reset_requests WHERE email_key = $1 AND attempts = $2";
const POSTPONE: &str = "UPDATE password_reset_requests SET due_at = $3 \
     WHERE email_key = $1 AND attempts = $2";
const RELEASE: &str = "UPDATE password_reset_requests SET due_at = $1 WHERE due_at > $1";
/// `$5` is the time before which mails no longer count, `$6` how many this one counts, `$7` the
/// most. A time in the future was noted by a clock that was ahead.
const ISSUE: &str = "INSERT INTO password_resets \
     (client_id, token_hash, expires_at, mails, counted_from) VALUES ($1, $2, $3, 1, $4) \
     ON CONFLICT (client_id) DO UPDATE \
     SET token_hash = excluded.token_hash, expires_at = excluded.expires_at, \
     mails = CASE WHEN password_resets.counted_from BETWEEN $5 AND $4 \
         THEN password_resets.mails + $6 ELSE 1 END, \
     counted_from = CASE WHEN password_resets.counted_from BETWEEN $5 AND $4 \
         THEN password_resets.counted_from ELSE excluded.counted_from END \
     WHERE password_resets.mails + $6 <= $7 \
        OR password_resets.counted_from NOT BETWEEN $5 AND $4";
const OWNER: &str =
    "SELECT client_id FROM password_resets WHERE token_hash = $1 AND expires_at > $2";
const SET_PASSWORD: &str = "UPDATE clients SET password_hash = $1, updated_at = $2 \
     WHERE id = $3 AND is_active";
const USE: &str = "DELETE FROM password_resets \
     WHERE client_id = $1 AND token_hash = $2 AND expires_at > $3";
pub(super) const WITHDRAW: &str = "DELETE FROM password_resets WHERE client_id = $1";

impl Store {
    /// Writes the request down, whether the address has an account or not.
    pub(crate) async fn request_reset(
        &self,
        email: &Email,
        lang: Lang,
        now: Timestamp,
    ) -> Result<(), Error> {
        let key = email.key();
        let _row_lock = self.database.lock_row(&key).await?;
        sqlx::query(REQUEST)
            .bind(&key)
            .bind(email.as_str())
            .bind(lang.tag())
            .bind(now.millis())
            .execute(&mut *self.database.writer().await?)
            .await?;
        Ok(())
    }

    /// The request that has been due for longest. It is due again after `lease`, in case that this
    /// process dies.
    pub(crate) async fn claim_reset_request(
        &self,
        now: Timestamp,
        lease: Duration,
    ) -> Result<Option<ResetRequest>, Error> {
        // A claim writes even if nothing is due. Reading first is cheaper.
        match self.next_reset_request().await? {
            Some(due) if due <= now => {}
            _ => return Ok(None),
        }
        let row: Option<RequestRow> = sqlx::query_as(CLAIM)
            .bind(now.millis())
            .bind(now.after(lease).millis())
            .fetch_optional(&mut *self.database.writer().await?)
            .await?;
        Ok(row.map(ResetRequest::try_from).transpose()?)
    }

    /// When the next request is due.
    pub(crate) async fn next_reset_request(&self) -> Result<Option<Timestamp>, Error> {
        let (due,): (Option<i64>,) = sqlx::query_as(NEXT)
            .fetch_one(&mut *self.database.reader().await?)
            .await?;
        Ok(due.map(read_time).transpose()?)
    }

    pub(crate) async fn settle_reset_request(&self, request: &ResetRequest) -> Result<(), Error> {
        sqlx::query(SETTLE)
            .bind(&request.email_key)
            .bind(request.attempts)
            .execute(&mut *self.database.writer().await?)
            .await?;
        Ok(())
    }

    pub(crate) async fn postpone_reset_request(
        &self,
        request: &ResetRequest,
        due: Timestamp,
    ) -> Result<(), Error> {
        sqlx::query(POSTPONE)
            .bind(&request.email_key)
            .bind(request.attempts)
            .bind(due.millis())
            .execute(&mut *self.database.writer().await?)
            .await?;
        Ok(())
    }

    /// Ends old claims: on a database of its own, a process that claimed a request before is dead.
    pub(crate) async fn release_reset_requests(&self, now: Timestamp) -> Result<(), Error> {
        if self.database.is_shared() {
            return Ok(());
        }
        sqlx::query(RELEASE)
            .bind(now.millis())
            .execute(&mut *self.database.writer().await?)
            .await?;
        Ok(())
    }

    /// Makes this token the client's only valid one. Returns whether the client may have another
    /// mail; a mail that is repeated (not `is_first`) does not count.
    pub(crate) async fn issue_reset(
        &self,
        client: ClientId,
        token_hash: &str,
        now: Timestamp,
        is_first: bool,
    ) -> Result<bool, Error> {
        let key = client.to_string();
        let _row_lock = self.database.lock_row(&key).await?;
        let issued = sqlx::query(ISSUE)
            .bind(&key)
            .bind(token_hash)
            .bind(now.after(LIFETIME).millis())
            .bind(now.millis())
            .bind(before(now).millis())
            .bind(i64::from(is_first))
            .bind(MAX_MAILS)
            .execute(&mut *self.database.writer().await?)
            .await;
        match issued {
            Ok(issued) => Ok(issued.rows_affected() > 0),
            // The client has just been deleted.
            Err(error) if is_orphan(&error) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// The client that the token belongs to.
    ///
    /// # Errors
    /// The token is not valid.
    pub(crate) async fn reset_owner(
        &self,
        token_hash: &str,
        now: Timestamp,
    ) -> Result<ClientId, Error> {
        let owner: Option<(String,)> = sqlx::query_as(OWNER)
            .bind(token_hash)
            .bind(now.millis())
            .fetch_optional(&mut *self.database.reader().await?)
            .await?;
        let (owner,) = owner.ok_or(Error::ResetTokenInvalid)?;
        Ok(read_text(&owner)?)
    }

    /// Sets the password, ends every session of the client, and uses the token up.
    ///
    /// # Errors
    /// The token is not valid any more.
    pub(crate) async fn use_reset(
        &self,
        client: ClientId,
        token_hash: &str,
        password_hash: &str,
        now: Timestamp,
    ) -> Result<(), Error> {
        let client = client.to_string();
        let _row_lock = self.database.lock_row(&client).await?;
        let mut transaction = self.database.write().await?;
        // The client's row first, as everywhere: two orders could wait for each other.
        let set = sqlx::query(SET_PASSWORD)
            .bind(password_hash)
            .bind(now.millis())
            .bind(&client)
            .execute(&mut *transaction)
            .await?;
        let used = sqlx::query(USE)
            .bind(&client)
            .bind(token_hash)
            .bind(now.millis())
            .execute(&mut *transaction)
            .await?;
        if set.rows_affected() == 0 || used.rows_affected() == 0 {
            return Err(Error::ResetTokenInvalid);
        }
        end_all(&mut transaction, &client).await?;
        Ok(transaction.commit().await?)
    }
}

impl TryFrom<RequestRow> for ResetRequest {
    type Error = sqlx::Error;

    fn try_from(row: RequestRow) -> sqlx::Result<Self> {
        Ok(Self {
            email_key: row.email_key,
            email: row.email,
            lang: Lang::preferred([row.lang.as_str()]),
            requested_at: read_time(row.requested_at)?,
            attempts: row.attempts,
        })
    }
}

/// The time before which a token has expired and a request has waited for too long.
pub(super) fn before(now: Timestamp) -> Timestamp {
    now.before(LIFETIME)
}

fn is_orphan(error: &sqlx::Error) -> bool {
    error
        .as_database_error()
        .is_some_and(|error| error.is_foreign_key_violation())
}
