//! The sessions that ended before their tokens expire, for the services that check tokens by
//! themselves.
//!
//! They are numbered, and a number is visible only after all lower ones, so whoever has seen one
//! may ask for those after it.

use service_kit::access::revocations::{EndedSession, PAGE};
use service_kit::database::Statement;
use service_kit::housekeeping::delete_by_portions;
use shared_types::value::Timestamp;
use sqlx::AnyConnection;

use super::{Store, read_text, read_time};
use crate::failure::Error;

service_kit::row! {
    /// A session that is deleted.
    pub(super) struct Deleted {
        id: String,
        expires_at: i64,
    }
}

service_kit::row! {
    struct EndedRow {
        number: i64,
        id: String,
        expires_at: i64,
    }
}

/// Notes sessions in the transaction that deletes them, as its last write: it waits for any other
/// transaction that does the same, and must hold nothing that such a one may wait for.
pub(super) async fn note(connection: &mut AnyConnection, deleted: &[Deleted]) -> sqlx::Result<()> {
    let Ok(count @ 1..) = i64::try_from(deleted.len()) else {
        return Ok(());
    };
    let last: i64 =
        sqlx::query_scalar("UPDATE ended_sessions_counter SET last = last + $1 RETURNING last")
            .bind(count)
            .fetch_one(&mut *connection)
            .await?;
    let mut insert = Statement::new("INSERT INTO ended_sessions (number, id, expires_at) VALUES ");
    for (number, session) in (last - count + 1..).zip(deleted) {
        insert.push(if number == last - count + 1 {
            "("
        } else {
            ", ("
        });
        insert.bind(number).push(", ");
        insert.bind(session.id.clone()).push(", ");
        insert.bind(session.expires_at).push(")");
    }
    insert.build()?.execute(connection).await?;
    Ok(())
}

impl Store {
    /// The sessions that ended after the one of the cursor, the first [`PAGE`] of them; all if there is
    /// no such session.
    pub(crate) async fn ended_sessions(&self, cursor: &str) -> Result<Vec<EndedSession>, Error> {
        let (number, session) = cursor.split_once('.').unwrap_or_default();
        let number: i64 = number.parse().unwrap_or_default();
        let mut reader = self.database.reader().await?;
        let rows: Vec<EndedRow> = sqlx::query_as(
            "SELECT number, id, expires_at FROM ended_sessions WHERE number > COALESCE( \
             (SELECT number FROM ended_sessions WHERE number = $1 AND id = $2), 0) \
             ORDER BY number LIMIT $3",
        )
        .bind(number)
        .bind(session)
        .bind(PAGE as i64)
        .fetch_all(&mut *reader)
        .await?;
        let ended: sqlx::Result<_> = rows.into_iter().map(EndedRow::read).collect();
        Ok(ended?)
    }

    pub(super) async fn drop_expired_ended_sessions(&self, now: Timestamp) -> sqlx::Result<u64> {
        const DROP: &str = "DELETE FROM ended_sessions WHERE number IN
             (SELECT number FROM ended_sessions WHERE expires_at <= $1 LIMIT $2)";
        delete_by_portions(&self.database, DROP, now).await
    }
}

impl EndedRow {
    fn read(self) -> sqlx::Result<EndedSession> {
        Ok(EndedSession {
            number: self.number,
            session: read_text(&self.id)?,
            until: read_time(self.expires_at)?,
        })
    }
}
