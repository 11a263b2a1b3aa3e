//! Takes a request in one transaction: looks for its key, checks the bounds, and writes it.

use sqlx::AnyConnection;

use service_kit::outbox::clock::after;

use super::entry::{Entry, EntryRow, select_entry};
use super::{LIFETIME, Store, StoreError};

/// A request to keep.
pub(crate) struct New {
    pub(crate) id: String,
    pub(crate) upstream: &'static str,
    /// Its entries are delivered in order.
    pub(crate) client: String,
    /// The client that may read it, if a token was checked.
    pub(crate) owner: Option<String>,
    pub(crate) key: String,
    pub(crate) fingerprint: String,
    pub(crate) method: String,
    pub(crate) target: String,
    /// Encrypted.
    pub(crate) request: String,
    pub(crate) bytes: u64,
    /// Whether it may have been carried out before.
    pub(crate) is_unsure: bool,
    /// It is not delivered before this time, in milliseconds since 1970.
    pub(crate) not_before: i64,
}

/// Why a request is not kept.
#[derive(Debug)]
pub(crate) enum TakeError {
    /// The key came with another request of the client.
    KeyReused,
    Full(Full),
    Store(StoreError),
}

/// The bound that is reached, with its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Full {
    Entries(u64),
    Bytes(u64),
    OfClient(u64),
    BytesOfClient(u64),
}

impl From<StoreError> for TakeError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<sqlx::Error> for TakeError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

const OF_KEY: &str = select_entry!("upstream = $1 AND client = $2 AND idempotency_key = $3");

/// PostgreSQL's sum of BIGINT is a NUMERIC.
const WAITING: &str = "SELECT COUNT(*), CAST(COALESCE(SUM(bytes), 0) AS BIGINT),
         CAST(COALESCE(SUM(CASE WHEN client = $1 THEN 1 ELSE 0 END), 0) AS BIGINT),
         CAST(COALESCE(SUM(CASE WHEN client = $1 THEN bytes ELSE 0 END), 0) AS BIGINT)
     FROM entries WHERE state = 'pending'";

/// The position is behind all entries of the client that wait. No clock is asked: one that is set
/// back, or another replica's, could put a later request first. Two that are taken at once may get
/// the same position, and have no order.
const INSERT: &str = "INSERT INTO entries
         (id, upstream, client, owner, position, idempotency_key, fingerprint, method, target,
          request, bytes, state, created_at, expires_at, attempts, due_at, leased_until, unsure,
          not_before)
     VALUES ($1, $2, $3, $4,
         (SELECT COALESCE(MAX(position), 0) + 1 FROM entries
          WHERE upstream = $2 AND client = $3 AND state = 'pending'),
         $5, $6, $7, $8, $9, $10, 'pending', $11, $12, 0, $11, 0, $13, $14)
     ON CONFLICT (upstream, client, idempotency_key) DO NOTHING";

/// One client may use a part of this size of the bytes: an order has a few hundred.
const SHARE: u64 = 8;

impl Store {
    /// Once this returns, the request is on the disk.
    pub(crate) async fn take(&self, new: New) -> Result<Entry, TakeError> {
        let now = self.now().await?;
        let mut transaction = self.database.write().await?;
        if let Some(before) = before(&mut transaction, &new).await? {
            return Ok(before);
        }
        self.check_bounds(&mut transaction, &new).await?;
        let inserted = sqlx::query(INSERT)
            .bind(new.id.as_str())
            .bind(new.upstream)
            .bind(new.client.as_str())
            .bind(new.owner.as_deref())
            .bind(new.key.as_str())
            .bind(new.fingerprint.as_str())
            .bind(new.method.as_str())
            .bind(new.target.as_str())
            .bind(new.request.as_str())
            .bind(i64::try_from(new.bytes).unwrap_or(i64::MAX))
            .bind(now)
            .bind(after(now, LIFETIME))
            .bind(i64::from(new.is_unsure))
            .bind(new.not_before)
            .execute(&mut *transaction)
            .await?;
        // With 0 rows, another replica has just taken the same request.
        let taken = before(&mut transaction, &new).await?;
        transaction.commit().await?;
        if inserted.rows_affected() > 0 {
            self.taken.notify_one();
        }
        taken.ok_or_else(|| StoreError::from(sqlx::Error::RowNotFound).into())
    }

    /// Several replicas that are asked at once may each let one more pass.
    async fn check_bounds(
        &self,
        connection: &mut AnyConnection,
        new: &New,
    ) -> Result<(), TakeError> {
        let (entries, bytes, of_client, its_bytes): (i64, i64, i64, i64) = sqlx::query_as(WAITING)
            .bind(new.client.as_str())
            .fetch_one(connection)
            .await?;
        let [entries, bytes, of_client, its_bytes] =
            [entries, bytes, of_client, its_bytes].map(|count| u64::try_from(count).unwrap_or(0));
        let most = self.bounds;
        let share = most.bytes / SHARE;
        let full = if of_client >= most.per_client {
            Full::OfClient(most.per_client)
        } else if its_bytes.saturating_add(new.bytes) > share {
            Full::BytesOfClient(share)
        } else if entries >= most.entries {
            Full::Entries(most.entries)
        } else if bytes.saturating_add(new.bytes) > most.bytes {
            Full::Bytes(most.bytes)
        } else {
            return Ok(());
        };
        Err(TakeError::Full(full))
    }
}

/// The entry that the client's key was used for.
async fn before(connection: &mut AnyConnection, new: &New) -> Result<Option<Entry>, TakeError> {
    let row: Option<EntryRow> = sqlx::query_as(OF_KEY)
        .bind(new.upstream)
        .bind(new.client.as_str())
        .bind(new.key.as_str())
        .fetch_optional(connection)
        .await?;
    match row {
        Some(row) if row.fingerprint != new.fingerprint => Err(TakeError::KeyReused),
        Some(row) => Ok(Some(Entry::try_from(row)?)),
        None => Ok(None),
    }
}
