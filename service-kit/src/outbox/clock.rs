//! The clock of the outbox, in milliseconds since 1970.
//!
//! A wall clock can be set back, and each wait would then last that much longer. So a process with
//! a SQLite file of its own reads the wall clock once and then counts by the monotonic clock.
//! Replicas use the clock of their database server: it is the same for all of them, however much
//! their own clocks differ.
//!
//! Rows that another process, or the server before its clock was set, has dated in the future are
//! corrected at the start and every 30 s ([`rows::correct_dates`](super::rows::correct_dates)).

use std::time::{Duration, Instant};

use shared_types::value::Timestamp;

use crate::database::{Database, Statement};

#[derive(Clone, Copy, Debug)]
pub(super) enum Clock {
    /// The time of the wall clock at one moment, and that moment.
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

    /// Writes an expression for the current time into a statement.
    pub(super) fn push_now(self, statement: &mut Statement) {
        match self {
            Self::Own { start, at } => statement.bind(after(start, at.elapsed())),
            Self::Server => {
                statement.push("CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)")
            }
        };
    }
}

pub(super) fn after(time: i64, duration: Duration) -> i64 {
    let millis = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
    time.saturating_add(millis)
}
