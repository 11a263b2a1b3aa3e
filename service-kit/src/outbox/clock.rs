//! The clock of stored waits and leases, in milliseconds since 1970.
//!
//! A wall clock can be set back, and each wait would then last that much longer. So a process with
//! a SQLite file of its own reads the wall clock once and then counts by the monotonic clock.
//! Replicas use the clock of their database server: it is the same for all of them, however much
//! their own clocks differ.
//!
//! Rows that another process, or the server before its clock was set, has dated in the future are
//! corrected by whoever reads them.

use std::time::{Duration, Instant};

use shared_types::value::Timestamp;

use crate::database::{Database, Statement};

/// A clock that is not set back between two reads by one process.
#[derive(Clone, Copy, Debug)]
pub enum Clock {
    /// The time of the wall clock at one moment, and that moment.
    Own {
        start: i64,
        at: Instant,
    },
    Server,
}

impl Clock {
    #[must_use]
    pub fn of(database: &Database) -> Self {
        if database.is_shared() {
            Self::Server
        } else {
            Self::Own {
                start: Timestamp::now().millis(),
                at: Instant::now(),
            }
        }
    }

    /// # Errors
    /// The server cannot be asked.
    pub async fn now(self, database: &Database) -> sqlx::Result<i64> {
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

    /// Writes an expression for the current time into a statement.
    pub fn push_now(self, statement: &mut Statement) {
        match self {
            Self::Own { start, at } => statement.bind(after(start, at.elapsed())),
            Self::Server => {
                statement.push("CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)")
            }
        };
    }
}

/// `duration` after `time`.
#[must_use]
pub fn after(time: i64, duration: Duration) -> i64 {
    let millis = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
    time.saturating_add(millis)
}
