//! Finds out why a request got no connection. sqlx says "pool timed out" in every case: the server
//! is unavailable, it is full, or all connections wait for a lock.
//!
//! A connection outside of the pools finds out. One request at a time does so, and the others use
//! its result for a second: in an outage, hundreds may ask at once.

use std::time::{Duration, Instant};

use sqlx::{AnyConnection, Connection as _};
use tokio::sync::Mutex;

use super::TIMEOUT;
use super::error::Trouble;
use super::postgres::PostgresUrl;

/// How long the server may take to answer. After waiting for a connection, a request has little
/// more time left.
const ANSWER_TIMEOUT: Duration = Duration::from_millis(500);

/// How long a result is used again.
const FRESH: Duration = Duration::from_secs(1);

/// The sessions of this database that wait for a lock, and the server processes that hold those
/// locks.
const WAITING: &str =
    "SELECT COUNT(DISTINCT waiting.pid), string_agg(DISTINCT holder.pid::text, ', ')
     FROM pg_stat_activity AS waiting, unnest(pg_blocking_pids(waiting.pid)) AS holder (pid)
     WHERE waiting.datname = current_database() AND waiting.wait_event_type = 'Lock'";

#[derive(Debug)]
pub(super) struct Diagnosis {
    server: PostgresUrl,
    last: Mutex<Option<(Instant, Trouble)>>,
}

impl Diagnosis {
    pub(super) fn of(server: &PostgresUrl) -> Self {
        Self {
            server: server.clone(),
            last: Mutex::default(),
        }
    }

    /// The reason why requests get no connection.
    pub(super) async fn find(&self) -> Trouble {
        let mut last = self.last.lock().await;
        if let Some((found, trouble)) = &*last
            && found.elapsed() < FRESH
        {
            return trouble.clone();
        }
        let trouble = self.look().await;
        *last = Some((Instant::now(), trouble.clone()));
        trouble
    }

    async fn look(&self) -> Trouble {
        match tokio::time::timeout(ANSWER_TIMEOUT, waiting(&self.server)).await {
            Ok(Ok((waiting, holders))) => Trouble::Busy(all_in_use(waiting, holders.as_deref())),
            Ok(Err(error)) => Trouble::Unreachable(format!("no new connection: {error}")),
            Err(_elapsed) => Trouble::Unreachable("the server does not answer".to_owned()),
        }
    }
}

async fn waiting(server: &PostgresUrl) -> sqlx::Result<(i64, Option<String>)> {
    let mut connection = AnyConnection::connect(server.as_str()).await?;
    let waiting = sqlx::query_as(WAITING).fetch_one(&mut connection).await?;
    connection.close().await?;
    Ok(waiting)
}

fn all_in_use(waiting: i64, holders: Option<&str>) -> String {
    let in_use = format!("no connection was free within {} s", TIMEOUT.as_secs());
    match holders {
        Some(holders) => format!(
            "{in_use}: {waiting} sessions wait for locks that the server's processes {holders} hold"
        ),
        None => format!("{in_use}: all are in use by other requests"),
    }
}

#[cfg(test)]
mod tests {
    use super::all_in_use;

    #[test]
    fn the_holders_of_locks_are_named_if_there_are_any() {
        let message = all_in_use(7, Some("41, 42"));
        assert!(
            message.ends_with("7 sessions wait for locks that the server's processes 41, 42 hold")
        );
        assert!(all_in_use(0, None).ends_with("in use by other requests"));
    }
}
