//! The clients to be forgotten: their accounts go at once, and a row remains until the other services
//! have forgotten them too.

use std::time::Duration;

use service_kit::input::IfMatch;
use shared_types::account::{Erasure, ErasureStatus};
use shared_types::event::ClientErased;
use shared_types::id::{ClientId, ErasureId};
use shared_types::value::Timestamp;

use super::{Store, clients, read_text, read_time};
use crate::failure::Error;

/// How long a completed erasure can be asked for: as long as a client may wait for an answer to its
/// request (GDPR, article 12(3)).
const REPORTED: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// The time by which a completed erasure is old.
pub(super) fn before(now: Timestamp) -> Timestamp {
    now.before(REPORTED)
}

/// An erasure that the order service has not completed yet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unfinished {
    pub(crate) event: ClientErased,
    pub(crate) requested_at: Timestamp,
}

service_kit::row! {
    struct ErasureRow {
        id: String,
        requested_at: i64,
        completed_at: Option<i64>,
    }
}

service_kit::row! {
    struct UnfinishedRow {
        id: String,
        client_id: String,
        requested_at: i64,
    }
}

/// A client has one unfinished erasure. Asking again makes it due at once.
const REQUEST: &str = "INSERT INTO erasures (id, client_id, requested_at, due_at) \
     VALUES ($1, $2, $3, $3) ON CONFLICT (client_id) DO UPDATE SET due_at = excluded.due_at \
     RETURNING id, requested_at, completed_at";
const READ: &str = "SELECT id, requested_at, completed_at FROM erasures WHERE id = $1";
/// Of two replicas that claim at once, the second finds the row no longer due.
const CLAIM: &str = "UPDATE erasures SET due_at = $2 \
     WHERE due_at <= $1 AND completed_at IS NULL AND id = (SELECT id FROM erasures \
     WHERE due_at <= $1 AND completed_at IS NULL ORDER BY due_at, id LIMIT 1) \
     RETURNING id, client_id, requested_at";
const NEXT: &str = "SELECT MIN(due_at) FROM erasures WHERE completed_at IS NULL";
const POSTPONE: &str = "UPDATE erasures SET due_at = $2 WHERE id = $1 AND completed_at IS NULL";
const COMPLETE: &str = "UPDATE erasures SET client_id = NULL, completed_at = $2 \
     WHERE id = $1 AND completed_at IS NULL";

impl Store {
    /// Deletes a client like [`delete_client`](Self::delete_client), if it is still there, and notes that
    /// its orders are to be made anonymous.
    pub(crate) async fn erase_client(
        &self,
        client: ClientId,
        now: Timestamp,
    ) -> Result<Erasure, Error> {
        let id = client.to_string();
        let _row_lock = self.database.lock_row(&id).await?;
        let mut transaction = self.database.write().await?;
        let row: ErasureRow = sqlx::query_as(REQUEST)
            .bind(ErasureId::generate().to_string())
            .bind(&id)
            .bind(now.millis())
            .fetch_one(&mut *transaction)
            .await?;
        match clients::delete(&mut transaction, &id, &IfMatch::Absent).await {
            // Its account was deleted before, its orders were not.
            Ok(()) | Err(Error::ClientNotFound) => {}
            Err(error) => return Err(error),
        }
        transaction.commit().await?;
        Ok(row.read()?)
    }

    pub(crate) async fn erasure(&self, id: ErasureId) -> Result<Option<Erasure>, Error> {
        let row: Option<ErasureRow> = sqlx::query_as(READ)
            .bind(id.to_string())
            .fetch_optional(&mut *self.database.reader().await?)
            .await?;
        Ok(row.map(ErasureRow::read).transpose()?)
    }

    /// The erasure that has been due for longest. It is due again after `lease`.
    pub(crate) async fn claim_erasure(
        &self,
        now: Timestamp,
        lease: Duration,
    ) -> Result<Option<Unfinished>, Error> {
        // A claim writes even if nothing is due. Reading first is cheaper.
        match self.next_erasure().await? {
            Some(due) if due <= now => {}
            _ => return Ok(None),
        }
        let row: Option<UnfinishedRow> = sqlx::query_as(CLAIM)
            .bind(now.millis())
            .bind(now.after(lease).millis())
            .fetch_optional(&mut *self.database.writer().await?)
            .await?;
        Ok(row.map(UnfinishedRow::read).transpose()?)
    }

    /// When the next erasure is due.
    pub(crate) async fn next_erasure(&self) -> Result<Option<Timestamp>, Error> {
        let (due,): (Option<i64>,) = sqlx::query_as(NEXT)
            .fetch_one(&mut *self.database.reader().await?)
            .await?;
        Ok(due.map(read_time).transpose()?)
    }

    pub(crate) async fn postpone_erasure(
        &self,
        id: ErasureId,
        due: Timestamp,
    ) -> Result<(), Error> {
        self.settle_erasure(POSTPONE, id, due).await
    }

    pub(crate) async fn complete_erasure(
        &self,
        id: ErasureId,
        now: Timestamp,
    ) -> Result<(), Error> {
        self.settle_erasure(COMPLETE, id, now).await
    }

    async fn settle_erasure(
        &self,
        statement: &'static str,
        id: ErasureId,
        time: Timestamp,
    ) -> Result<(), Error> {
        sqlx::query(statement)
            .bind(id.to_string())
            .bind(time.millis())
            .execute(&mut *self.database.writer().await?)
            .await?;
        Ok(())
    }
}

impl ErasureRow {
    fn read(self) -> sqlx::Result<Erasure> {
        Ok(Erasure {
            id: read_text(&self.id)?,
            status: match self.completed_at {
                Some(_) => ErasureStatus::Done,
                None => ErasureStatus::Pending,
            },
            requested_at: read_time(self.requested_at)?,
            completed_at: self.completed_at.map(read_time).transpose()?,
        })
    }
}

impl UnfinishedRow {
    fn read(self) -> sqlx::Result<Unfinished> {
        Ok(Unfinished {
            event: ClientErased {
                id: read_text(&self.id)?,
                client: read_text(&self.client_id)?,
            },
            requested_at: read_time(self.requested_at)?,
        })
    }
}
