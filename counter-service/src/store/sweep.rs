//! Ends what has waited too long, and deletes what ended long ago.

use std::time::Duration;

use service_kit::housekeeping::{delete_by_portions, report};
use service_kit::outbox::clock::after;
use shared_types::value::Timestamp;

use super::Store;
use super::claim::LEASE;
use crate::delivery::LONGEST_WAIT;

/// How long an entry that has ended can be read: a day, for a client that was offline. Its answer may
/// name a person, so it is not kept longer.
const KEPT: Duration = Duration::from_secs(24 * 60 * 60);

const HAS_EXPIRED: &str = "SELECT 1 FROM entries
     WHERE state = 'pending' AND expires_at <= $1 AND leased_until <= $1 LIMIT 1";

const EXPIRE: &str = "UPDATE entries SET state = 'expired', request = '', ended_at = $1,
         unsure = CASE WHEN leased_until > 0 THEN 1 ELSE unsure END, leased_until = 0
     WHERE state = 'pending' AND expires_at <= $1 AND leased_until <= $1";

/// On a database of its own, a process that claimed an entry before is dead.
const RELEASE: &str = "UPDATE entries SET
         unsure = CASE WHEN leased_until > 0 THEN 1 ELSE unsure END, leased_until = 0, due_at = $1
     WHERE state = 'pending' AND (leased_until > 0 OR due_at > $1)";

/// A server's clock that was set back leaves rows in the future.
const CAP: &str = "UPDATE entries SET
         leased_until = CASE WHEN leased_until > $2 THEN $2 ELSE leased_until END,
         due_at = CASE WHEN due_at > $3 THEN $1 ELSE due_at END
     WHERE state = 'pending' AND (leased_until > $2 OR due_at > $3)";

const DELETE_ENDED: &str = "DELETE FROM entries WHERE id IN
     (SELECT id FROM entries WHERE ended_at <= $1 LIMIT $2)";

impl Store {
    /// Ends leases and waits that nobody will end, at the start.
    pub(crate) async fn release(&self) -> sqlx::Result<()> {
        let now = self.now().await?;
        let statement = match self.database.is_shared() {
            true => sqlx::query(CAP)
                .bind(now)
                .bind(after(now, LEASE))
                .bind(after(now, LONGEST_WAIT)),
            false => sqlx::query(RELEASE).bind(now),
        };
        let mut writer = self.database.writer().await?;
        statement.execute(&mut *writer).await.map(drop)
    }

    /// Ends the entries that have waited too long. Returns their number.
    pub(crate) async fn expire(&self) -> sqlx::Result<u64> {
        let now = self.now().await?;
        let found = sqlx::query(HAS_EXPIRED).bind(now);
        let found = found
            .fetch_optional(&mut *self.database.reader().await?)
            .await?;
        if found.is_none() {
            return Ok(0);
        }
        let expire = sqlx::query(EXPIRE).bind(now);
        let mut writer = self.database.writer().await?;
        Ok(expire.execute(&mut *writer).await?.rows_affected())
    }

    /// Deletes the entries that ended a day ago.
    pub(crate) async fn sweep(&self) {
        let over = Timestamp::now().before(KEPT);
        let swept = delete_by_portions(&self.database, DELETE_ENDED, over).await;
        report("ended entries", swept);
    }
}
