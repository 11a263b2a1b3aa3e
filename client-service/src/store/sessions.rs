//! The sessions' rows. An expired session is treated as deleted; its row is deleted at its client's
//! next login or by the next sweep.
//!
//! A client's sessions are numbered in the order of creation. Times would not do: after a clock
//! that was ahead is corrected, a new session would be the oldest and would be removed to make
//! room.

use service_kit::housekeeping::delete_by_portions;
use shared_types::account::{Role, Session};
use shared_types::id::{ClientId, SessionId};
use shared_types::value::Timestamp;
use sqlx::AnyConnection;

use super::ended::{self, Deleted};
use super::{Store, read_text, read_time};
use crate::failure::Error;
use crate::origin::Origin;

/// More than the devices of one person; the bound keeps a client from growing the database by
/// logging in.
const MAX_SESSIONS: i64 = 20;

pub(crate) struct NewSession {
    pub(crate) id: SessionId,
    pub(crate) client: ClientId,
    pub(crate) role: Role,
    pub(crate) begins: Timestamp,
    pub(crate) ends: Timestamp,
    pub(crate) origin: Origin,
}

/// The session of a request's token.
pub(crate) struct LiveSession {
    pub(crate) role: Role,
    pub(crate) last_seen_at: Timestamp,
}

service_kit::row! {
    struct SessionRow {
        id: String,
        created_at: i64,
        last_seen_at: i64,
        expires_at: i64,
        ip_address: Option<String>,
        user_agent: Option<String>,
    }
}

const INSERT: &str = "INSERT INTO sessions \
     (id, client_id, created_at, last_seen_at, expires_at, ip_address, user_agent, number) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, \
     (SELECT COALESCE(MAX(number), 0) + 1 FROM sessions WHERE client_id = $2))";
/// A write that changes nothing: until the session is there, the client is not deleted and its role
/// stays that of the token, so that whoever changes it finds the session.
const LOCK_CLIENT: &str =
    "UPDATE clients SET role = role WHERE id = $1 AND role = $2 AND is_active";
const DROP_EXPIRED: &str = "DELETE FROM sessions WHERE client_id = $1 AND expires_at <= $2";
const DROP_OLDEST: &str = "DELETE FROM sessions WHERE client_id = $1 AND id NOT IN \
     (SELECT id FROM sessions WHERE client_id = $1 ORDER BY number DESC, id DESC LIMIT $2) \
     RETURNING id, expires_at";
const LIVE: &str = "SELECT clients.role, sessions.last_seen_at FROM sessions \
     JOIN clients ON clients.id = sessions.client_id \
     WHERE sessions.id = $1 AND clients.id = $2 AND sessions.expires_at > $3 AND clients.is_active";
const LIST: &str = "SELECT id, created_at, last_seen_at, expires_at, ip_address, user_agent \
     FROM sessions WHERE client_id = $1 AND expires_at > $2 ORDER BY number DESC, id DESC";
const END_OWN: &str = "DELETE FROM sessions WHERE id = $1 AND client_id = $2 AND expires_at > $3 \
     RETURNING id, expires_at";

impl Store {
    /// # Errors
    /// The client was deleted meanwhile, or has another role; the answer is the same as if it had
    /// been deleted before.
    pub(crate) async fn add_session(&self, new: &NewSession) -> Result<(), Error> {
        let client = new.client.to_string();
        // A session refers to its client, whose row is read under a lock.
        let _row_lock = self.database.lock_row(&client).await?;
        let mut transaction = self.database.write().await?;
        let unchanged = sqlx::query(LOCK_CLIENT)
            .bind(&client)
            .bind(new.role.as_str())
            .execute(&mut *transaction)
            .await?;
        if unchanged.rows_affected() == 0 {
            return Err(Error::InvalidCredentials);
        }
        sqlx::query(DROP_EXPIRED)
            .bind(&client)
            .bind(new.begins.millis())
            .execute(&mut *transaction)
            .await?;
        sqlx::query(INSERT)
            .bind(new.id.to_string())
            .bind(&client)
            .bind(new.begins.millis())
            .bind(new.begins.millis())
            .bind(new.ends.millis())
            .bind(&new.origin.ip_address)
            .bind(&new.origin.user_agent)
            .execute(&mut *transaction)
            .await?;
        let dropped: Vec<Deleted> = sqlx::query_as(DROP_OLDEST)
            .bind(&client)
            .bind(MAX_SESSIONS)
            .fetch_all(&mut *transaction)
            .await?;
        ended::note(&mut transaction, &dropped).await?;
        Ok(transaction.commit().await?)
    }

    /// The session, if it has not ended and its client is active.
    pub(crate) async fn live_session(
        &self,
        id: SessionId,
        client: ClientId,
        now: Timestamp,
    ) -> Result<Option<LiveSession>, Error> {
        let row: Option<(String, i64)> = sqlx::query_as(LIVE)
            .bind(id.to_string())
            .bind(client.to_string())
            .bind(now.millis())
            .fetch_optional(&mut *self.database.reader().await?)
            .await?;
        let Some((role, last_seen_at)) = row else {
            return Ok(None);
        };
        Ok(Some(LiveSession {
            role: read_text(&role)?,
            last_seen_at: read_time(last_seen_at)?,
        }))
    }

    pub(crate) async fn note_seen(&self, id: SessionId, now: Timestamp) -> Result<(), Error> {
        let id = id.to_string();
        let _row_lock = self.database.lock_row(&id).await?;
        sqlx::query("UPDATE sessions SET last_seen_at = $1 WHERE id = $2")
            .bind(now.millis())
            .bind(&id)
            .execute(&mut *self.database.writer().await?)
            .await?;
        Ok(())
    }

    /// The client's live sessions, the newest first.
    pub(crate) async fn sessions(
        &self,
        client: ClientId,
        current: SessionId,
        now: Timestamp,
    ) -> Result<Vec<Session>, Error> {
        let rows: Vec<SessionRow> = sqlx::query_as(LIST)
            .bind(client.to_string())
            .bind(now.millis())
            .fetch_all(&mut *self.database.reader().await?)
            .await?;
        let sessions: sqlx::Result<_> = rows.into_iter().map(|row| row.read(current)).collect();
        Ok(sessions?)
    }

    pub(super) async fn drop_expired_sessions(&self, now: Timestamp) -> sqlx::Result<u64> {
        const DROP: &str = "DELETE FROM sessions WHERE id IN
             (SELECT id FROM sessions WHERE expires_at <= $1 LIMIT $2)";
        delete_by_portions(&self.database, DROP, now).await
    }

    pub(crate) async fn end_session(&self, id: SessionId) -> Result<(), Error> {
        let id = id.to_string();
        let _row_lock = self.database.lock_row(&id).await?;
        let mut transaction = self.database.write().await?;
        let ended: Vec<Deleted> =
            sqlx::query_as("DELETE FROM sessions WHERE id = $1 RETURNING id, expires_at")
                .bind(&id)
                .fetch_all(&mut *transaction)
                .await?;
        ended::note(&mut transaction, &ended).await?;
        Ok(transaction.commit().await?)
    }

    /// Ends a session of this client only.
    ///
    /// # Errors
    /// The client has no such live session.
    pub(crate) async fn end_own_session(
        &self,
        id: SessionId,
        client: ClientId,
        now: Timestamp,
    ) -> Result<(), Error> {
        let id = id.to_string();
        let _row_lock = self.database.lock_row(&id).await?;
        let mut transaction = self.database.write().await?;
        let ended: Vec<Deleted> = sqlx::query_as(END_OWN)
            .bind(&id)
            .bind(client.to_string())
            .bind(now.millis())
            .fetch_all(&mut *transaction)
            .await?;
        if ended.is_empty() {
            return Err(Error::SessionNotFound);
        }
        ended::note(&mut transaction, &ended).await?;
        Ok(transaction.commit().await?)
    }

    pub(crate) async fn end_sessions_of(&self, client: ClientId) -> Result<(), Error> {
        let client = client.to_string();
        let _row_lock = self.database.lock_row(&client).await?;
        let mut transaction = self.database.write().await?;
        end_all(&mut transaction, &client).await?;
        Ok(transaction.commit().await?)
    }
}

impl SessionRow {
    fn read(self, current: SessionId) -> sqlx::Result<Session> {
        let id = read_text(&self.id)?;
        Ok(Session {
            id,
            created_at: read_time(self.created_at)?,
            last_seen_at: read_time(self.last_seen_at)?,
            expires_at: read_time(self.expires_at)?,
            ip_address: self.ip_address,
            user_agent: self.user_agent,
            current: id == current,
        })
    }
}

/// Ends every session of a client, as the last write of a transaction ([`ended::note`]).
pub(super) async fn end_all(connection: &mut AnyConnection, client: &str) -> sqlx::Result<()> {
    let ended = delete_all(&mut *connection, client).await?;
    ended::note(connection, &ended).await
}

/// Deletes every session of a client. The last write of the transaction has to be
/// [`ended::note`].
pub(super) async fn delete_all(
    connection: &mut AnyConnection,
    client: &str,
) -> sqlx::Result<Vec<Deleted>> {
    sqlx::query_as("DELETE FROM sessions WHERE client_id = $1 RETURNING id, expires_at")
        .bind(client)
        .fetch_all(connection)
        .await
}
