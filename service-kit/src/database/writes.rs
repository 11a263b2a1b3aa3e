//! Checks by a small write now and then that the database can be written to, for `/ready`.
//!
//! It writes every two seconds while requests write or after a failed check, and every ten seconds
//! otherwise: on an idle disk, a commit every two seconds would be most of its wear. A request's
//! write that breaks its connection triggers the next check early.
//!
//! Only a commit proves that the next commit can succeed. A rolled-back transaction was rejected:
//! SQLite keeps its pages in memory and never touches the disk. A row that is overwritten in place
//! was rejected: it needs no new page, and still works when orders no longer do. So each check adds
//! about as much as an order does, and deletes the rows of the check before it.
//!
//! On PostgreSQL the check replaces one row. It finds a server that is read-only or cannot commit;
//! the free space on its disks is for its own operator to watch.

use std::time::{Duration, Instant};

use shared_types::value::Timestamp;

use super::findings::IDLE_INTERVAL;
use super::{Database, Kind, MigrationFile, Migrations, error};
use crate::serve::Draining;

/// The gateway's probe and an operator's alert fail at most a second later.
const INTERVAL: Duration = Duration::from_secs(2);

pub(super) const MIGRATIONS: Migrations = Migrations {
    table: "_write_checks_migrations",
    steps: &[MigrationFile(
        "write checks",
        include_str!("../../migrations/write_checks/0001_write_checks.sql"),
    )],
};

/// 32 KiB, eight pages: an order with its lines, indexes and events writes about ten.
const ADD: &str = "INSERT INTO write_checks (id, filler) VALUES ($1, hex(zeroblob(16384)))
     ON CONFLICT (id) DO NOTHING";
const DELETE_OLDER: &str = "DELETE FROM write_checks WHERE id <> $1";

const REPLACE: &str = "INSERT INTO write_checks (id, filler) VALUES ('last', $1)
     ON CONFLICT (id) DO UPDATE SET filler = excluded.filler";

impl Database {
    /// Checks now and then whether the database can be written to, until a stop is requested.
    pub async fn watch_writes(self, draining: Draining) {
        let mut checked: Option<Instant> = None;
        while !draining.is_on() {
            let since_last = checked.map_or(IDLE_INTERVAL, |checked| checked.elapsed());
            if self.findings.is_check_due(since_last) {
                self.check_writes().await;
                checked = Some(Instant::now());
            }
            // A failed check breaks its connection, too.
            let works = self.findings.writes.works();
            tokio::select! {
                () = tokio::time::sleep(INTERVAL) => {}
                () = self.findings.suspected(), if works => {}
                () = draining.begun() => {}
            }
        }
    }

    /// Checks once. When other requests are merely busy writing, the last finding stays.
    pub(super) async fn check_writes(&self) {
        if !self.has_its_files() {
            return;
        }
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
            let mut writer = self.explained(self.writer.acquire().await).await?;
            return replace.execute(&mut *writer).await.map(drop);
        }
        let mut transaction = self.begin().await?;
        for statement in [ADD, DELETE_OLDER] {
            let statement = sqlx::query(statement).bind(id.as_str());
            statement.execute(&mut *transaction).await?;
        }
        transaction.commit().await
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tempfile::TempDir;

    use super::super::{Database, DatabaseUrl, Migrations};
    use super::INTERVAL;

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
            .fetch_all(&mut *database.writer().await.unwrap())
            .await
            .unwrap();
    }

    async fn can_write(database: &Database) -> bool {
        database.check_writes().await;
        database.is_ready().await
    }

    const NOTE: &str = "INSERT INTO notes VALUES (hex(zeroblob(500)))";

    /// SQLite accepts no limit below the current size of the file. The limit holds for one
    /// connection (https://www.sqlite.org/pragma.html#pragma_max_page_count).
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
        // SQLite ended that transaction by itself, so its connection was replaced.
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
    async fn a_write_that_breaks_its_connection_brings_the_next_check_forward() {
        let folder = tempfile::tempdir().unwrap();
        let database = open_in(&folder).await;
        pragma(&database, NO_LARGER).await;
        while run(&database, NOTE).await.is_ok() {}
        let suspected = database.findings.suspected();
        tokio::time::timeout(INTERVAL, suspected).await.unwrap();
        assert!(database.findings.is_check_due(Duration::ZERO));
    }

    #[actix_web::test]
    async fn the_checks_leave_one_row() {
        let folder = tempfile::tempdir().unwrap();
        let database = open_in(&folder).await;
        for _ in 0..5 {
            assert!(can_write(&database).await);
        }
        let rows: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM write_checks")
            .fetch_one(&mut *database.reader().await.unwrap())
            .await
            .unwrap();
        assert_eq!(rows, 1);
    }
}
