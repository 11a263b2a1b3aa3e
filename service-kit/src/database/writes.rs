//! Whether the database can be written to: a small write every two seconds, whose outcome `/ready` tells.
//!
//! Only a commit proves that the next commit has a chance. A transaction that is rolled back was rejected: SQLite keeps
//! its pages in memory and never asks the disk. So was a row that is overwritten in place: it needs no new page, and
//! goes on working when orders no longer do. Each check therefore adds about as much as an order does, and deletes what
//! the check before it has added.
//!
//! On PostgreSQL the check replaces one row. It finds a server that is read-only or cannot commit; the room on its disks
//! is its own operator's to watch.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::{Database, Kind, Migrations, Step, error};
use crate::serve::Draining;
use shared_types::value::Timestamp;

/// A failed probe of the gateway, and an operator's alert, follow at most a second later.
const INTERVAL: Duration = Duration::from_secs(2);

pub(super) const MIGRATIONS: Migrations = Migrations {
    table: "_write_checks_migrations",
    steps: &[Step(
        "write checks",
        include_str!("../../migrations/write_checks/0001_write_checks.sql"),
    )],
};

/// 32 KiB, eight pages: an order with its lines, indexes and events writes ten or so.
const ADD: &str = "INSERT INTO write_checks (id, filler) VALUES ($1, hex(zeroblob(16384)))
     ON CONFLICT (id) DO NOTHING";
const DELETE_OLDER: &str = "DELETE FROM write_checks WHERE id <> $1";

const REPLACE: &str = "INSERT INTO write_checks (id, filler) VALUES ('last', $1)
     ON CONFLICT (id) DO UPDATE SET filler = excluded.filler";

/// What was found last. Both are true until something is found to be wrong.
#[derive(Debug)]
pub(super) struct Findings {
    pub(super) reads: Finding,
    pub(super) writes: Finding,
}

/// Logs only when it changes, so that a probe every second fills no log.
#[derive(Debug)]
pub(super) struct Finding {
    works: AtomicBool,
    broken: &'static str,
    mended: &'static str,
}

impl Default for Findings {
    fn default() -> Self {
        Self {
            reads: Finding::new("the database does not answer", "the database answers again"),
            writes: Finding::new(
                "the database cannot be written to, /ready answers 503",
                "the database can be written to again",
            ),
        }
    }
}

impl Finding {
    fn new(broken: &'static str, mended: &'static str) -> Self {
        Self {
            works: AtomicBool::new(true),
            broken,
            mended,
        }
    }

    pub(super) fn note<T>(&self, result: &sqlx::Result<T>) {
        let (works, told) = (
            result.is_ok(),
            self.works.swap(result.is_ok(), Ordering::Relaxed),
        );
        match result {
            Err(error) if told => log::error!("{}: {error}", self.broken),
            Ok(_) if works && !told => log::info!("{}", self.mended),
            _ => {}
        }
    }

    pub(super) fn works(&self) -> bool {
        self.works.load(Ordering::Relaxed)
    }
}

impl Database {
    /// Checks every two seconds whether the database can be written to, until a stop is asked for.
    pub async fn watch_writes(self, draining: Draining) {
        while !draining.is_on() {
            self.check_writes().await;
            tokio::select! {
                () = tokio::time::sleep(INTERVAL) => {}
                () = draining.begun() => {}
            }
        }
    }

    /// Checks once. Where others are merely busy writing, what was found before still holds.
    pub(super) async fn check_writes(&self) {
        let written = self.write_a_little().await;
        match &written {
            Err(cause) if error::is_busy(cause) => {
                log::debug!("the database is too busy to check whether it can be written to");
            }
            written => self.findings.writes.note(written),
        }
    }

    async fn write_a_little(&self) -> sqlx::Result<()> {
        let id = Timestamp::now().millis().to_string();
        if self.kind == Kind::Postgres {
            let replace = sqlx::query(REPLACE).bind(id);
            return replace.execute(&self.writer).await.map(drop);
        }
        let mut transaction = self.write().await?;
        for statement in [ADD, DELETE_OLDER] {
            let statement = sqlx::query(statement).bind(id.as_str());
            statement.execute(&mut *transaction).await?;
        }
        transaction.commit().await
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::super::{Database, DatabaseUrl, Migrations};

    async fn open_in(folder: &TempDir) -> Database {
        let url = DatabaseUrl::File(folder.path().join("kept.db"));
        let database = Database::open(&url, &[Migrations::NONE]).await.unwrap();
        run(&database, "CREATE TABLE notes (text TEXT NOT NULL)")
            .await
            .unwrap();
        database
    }

    async fn run(database: &Database, sql: &'static str) -> sqlx::Result<()> {
        let mut transaction = database.write().await?;
        sqlx::query(sql).execute(&mut *transaction).await?;
        transaction.commit().await
    }

    async fn pragma(database: &Database, pragma: &'static str) {
        sqlx::query(pragma)
            .fetch_all(database.writer())
            .await
            .unwrap();
    }

    async fn can_write(database: &Database) -> bool {
        database.check_writes().await;
        database.is_ready().await
    }

    const NOTE: &str = "INSERT INTO notes VALUES (hex(zeroblob(500)))";

    /// SQLite takes nothing less here than the size that the file has. It holds for one connection
    /// (https://www.sqlite.org/pragma.html#pragma_max_page_count).
    const NO_LARGER: &str = "PRAGMA max_page_count = 1";

    #[actix_web::test]
    async fn a_full_database_is_not_ready_and_recovers_by_itself() {
        let folder = tempfile::tempdir().unwrap();
        let database = open_in(&folder).await;
        assert!(can_write(&database).await);
        pragma(&database, NO_LARGER).await;
        let full = loop {
            if let Err(full) = run(&database, NOTE).await {
                break full;
            }
        };
        assert!(full.to_string().contains("full"), "{full}");
        // SQLite has ended that transaction by itself, so that its connection was replaced.
        pragma(&database, NO_LARGER).await;
        assert!(!can_write(&database).await);
        assert!(database.answers().await, "it can still be read");
        assert!(can_write(&database).await);
        run(&database, NOTE).await.unwrap();
    }

    #[actix_web::test]
    async fn a_database_that_only_lets_itself_be_read_is_not_ready() {
        let folder = tempfile::tempdir().unwrap();
        let database = open_in(&folder).await;
        pragma(&database, "PRAGMA query_only = ON").await;
        assert!(!can_write(&database).await);
        pragma(&database, "PRAGMA query_only = OFF").await;
        assert!(can_write(&database).await);
    }

    #[actix_web::test]
    async fn a_database_that_is_busy_is_as_ready_as_before() {
        let folder = tempfile::tempdir().unwrap();
        let database = open_in(&folder).await;
        let writing = database.write().await.unwrap();
        assert!(can_write(&database).await);
        drop(writing);
    }

    #[actix_web::test]
    async fn the_checks_leave_one_row() {
        let folder = tempfile::tempdir().unwrap();
        let database = open_in(&folder).await;
        for _ in 0..5 {
            assert!(can_write(&database).await);
        }
        let rows: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM write_checks")
            .fetch_one(database.reader())
            .await
            .unwrap();
        assert_eq!(rows, 1);
    }
}
