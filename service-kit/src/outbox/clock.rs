//! The time that the outbox waits by, in milliseconds since 1970.
//!
//! A wall clock can be set back, and whatever was to wait until then would wait for as much longer. So one process, which
//! has a file of SQLite to itself, looks at the wall clock once, and counts on by the monotonic clock. Replicas go by
//! their database server's clock: it is one for all of them, and how far their own ones differ makes no difference.
//!
//! What another process, or the server before its clock was set, has dated in the future is set right at the start, and
//! every 30 s after it ([`rows::set_right`](super::rows::set_right)).

use std::time::{Duration, Instant};

use shared_types::value::Timestamp;

use crate::database::{Database, Statement};

#[derive(Clone, Copy, Debug)]
pub(super) enum Clock {
    /// The wall clock's time at one moment, and that moment.
    Own {
        start: i64,
        at: Instant,
    },
    Server,
}

impl Clock {
    pub(super) fn of(database: &Database) -> Self {
        if database.is_shared() {
            Self::Server
        } else {
            Self::Own {
                start: Timestamp::now().millis(),
                at: Instant::now(),
            }
        }
    }

    pub(super) async fn now(self, database: &Database) -> sqlx::Result<i64> {
        match self {
            Self::Own { start, at } => Ok(after(start, at.elapsed())),
            Self::Server => {
                let now = "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)";
                sqlx::query_scalar(now)
                    .fetch_one(&mut *database.reader().await?)
                    .await
            }
        }
    }

    /// Writes the time where a statement needs it.
    pub(super) fn push_now(self, statement: &mut Statement) {
        match self {
            Self::Own { start, at } => statement.bind(after(start, at.elapsed())),
            Self::Server => {
                statement.push("CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)")
            }
        };
    }
}

/// `time`, so much later.
pub(super) fn after(time: i64, duration: Duration) -> i64 {
    let millis = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
    time.saturating_add(millis)
}
