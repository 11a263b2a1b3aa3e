//! The database of a service: opening it, who may write when, and what its errors are worth.
//!
//! SQLite is for one process, PostgreSQL for several replicas of it. Queries are written once, in what both read alike
//! (numbered placeholders, ids as text, times as milliseconds, `ON CONFLICT`, `RETURNING`), and go through sqlx's `Any`.
//! What differs is in `sqlite` and `postgres`: how a connection is made, and how many there are.

mod backup;
mod diagnosis;
mod error;
mod files;
mod findings;
mod lock;
mod migrations;
mod open_error;
mod postgres;
mod row;
mod sqlite;
mod statement;
mod turns;
mod url;
mod writes;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use sqlx::any::{AnyPoolOptions, install_default_drivers};
use sqlx::pool::PoolConnection;
use sqlx::{Any, AnyPool, AssertSqlSafe, Transaction};

use crate::health::Readiness;

pub use backup::{BackupError, backup};
use diagnosis::Diagnosis;
use error::Trouble;
pub use error::failure;
use files::Files;
use findings::Findings;
pub use migrations::{Migrations, Step};
pub use open_error::OpenError;
pub use postgres::PostgresUrl;
pub use statement::Statement;
pub use turns::Turn;
use turns::Turns;
pub use url::DatabaseUrl;

/// How long a request queues for a connection. With the wait for a turn and for a lock it stays below the gateway's
/// deadline (5 s), so that the client gets the 503 with its `Retry-After` and not a 504.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long a request waits for its turn at what others write.
const TURN: Duration = Duration::from_millis(1500);

/// Handed to every worker; its copies share the connections.
#[derive(Clone, Debug)]
pub struct Database {
    reader: AnyPool,
    writer: AnyPool,
    /// What `/ready` asks. On SQLite, no request keeps it waiting, and it stays open.
    probe: AnyPool,
    kind: Kind,
    findings: Arc<Findings>,
    turns: Arc<Turns>,
    /// For a server, which may be away.
    diagnosis: Option<Arc<Diagnosis>>,
    files: Arc<Files>,
    /// Keeps other processes from a file of SQLite for as long as it is open.
    _lock: Arc<lock::Lock>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Sqlite,
    Postgres,
}

impl Database {
    /// Opens the database and brings its schema up to date. A file is made with its folder where it is missing; on
    /// PostgreSQL the migrations hold an advisory lock, so that replicas that start at once take turns.
    ///
    /// # Errors
    /// It cannot be made, opened or migrated, or another process uses the file.
    pub async fn open(url: &DatabaseUrl, migrations: &[Migrations]) -> Result<Self, OpenError> {
        install_default_drivers();
        let unopened = |source| OpenError::Connection {
            database: url.to_string(),
            source,
        };
        let outdated = |source| OpenError::Migration {
            database: url.to_string(),
            source,
        };
        let all = migrations.iter().chain([&writes::MIGRATIONS]);
        let all: Vec<_> = all.map(Migrations::migrator).collect();
        match url {
            DatabaseUrl::File(path) => {
                sqlite::make(path)?;
                let lock = lock::take(path).await?;
                let mut database = sqlite::open(path, lock).await.map_err(unopened)?;
                for part in &all {
                    part.run(&database.writer).await.map_err(outdated)?;
                }
                database.files = Arc::new(Files::of(path));
                Ok(database)
            }
            DatabaseUrl::Postgres(url) => {
                postgres::migrate(url, &all, postgres::MIGRATION_PATIENCE).await?;
                postgres::open(url).await.map_err(unopened)
            }
        }
    }

    /// Where a statement that only reads is run. One that writes is refused there.
    ///
    /// # Errors
    /// No connection could be had in time.
    pub async fn reader(&self) -> sqlx::Result<PoolConnection<Any>> {
        // Where its files are gone, a new connection would open whatever is at their paths now. The probe's is open.
        let pool = match self.files.check() {
            Ok(()) => &self.reader,
            Err(_gone) => &self.probe,
        };
        self.explained(pool.acquire().await).await
    }

    /// Where a single statement that writes is run: it is a transaction by itself. For more than one, there is
    /// [`write`](Self::write).
    ///
    /// # Errors
    /// No connection could be had in time, or what is written would be lost.
    pub async fn writer(&self) -> sqlx::Result<PoolConnection<Any>> {
        self.findings.note_use();
        self.files.check()?;
        self.explained(self.writer.acquire().await).await
    }

    /// A transaction that writes. Dropped, it is rolled back.
    ///
    /// On SQLite it holds the one write lock from its start: one that began by reading could find, when it comes to
    /// write, that somebody has written since (`SQLITE_BUSY_SNAPSHOT`). On PostgreSQL it is READ COMMITTED, so what a
    /// write builds on must be in its own `WHERE` or kept by a constraint: a row read before may have changed since.
    ///
    /// # Errors
    /// The lock or a connection could not be had in time, what is written would be lost, or the database fails.
    pub async fn write(&self) -> sqlx::Result<Transaction<'static, Any>> {
        self.findings.note_use();
        self.begin().await
    }

    async fn begin(&self) -> sqlx::Result<Transaction<'static, Any>> {
        self.files.check()?;
        let begun = match self.kind {
            Kind::Sqlite => self.writer.begin_with("BEGIN IMMEDIATE").await,
            Kind::Postgres => self.writer.begin().await,
        };
        self.explained(begun).await
    }

    /// The turn at a row, or whatever else has this key: to be had before [`write`](Self::write) and kept until its end
    /// by whoever writes what others lock too, so that the writers of one locked row hold one connection and not all.
    ///
    /// # Errors
    /// Those before have not ended in time.
    pub async fn turn(&self, key: &str) -> sqlx::Result<Turn> {
        if self.kind == Kind::Sqlite {
            return Ok(Turn::not_needed());
        }
        self.turns.take(key, TURN).await.ok_or_else(|| {
            let waited = TURN.as_millis();
            Trouble::Busy(format!(
                "another request has been writing the same for {waited} ms; somebody else may hold its lock"
            ))
            .into()
        })
    }

    /// Says why no connection could be had.
    async fn explained<T>(&self, had: sqlx::Result<T>) -> sqlx::Result<T> {
        match had {
            Err(sqlx::Error::PoolTimedOut) => Err(match &self.diagnosis {
                Some(server) => server.find().await.into(),
                None => Trouble::Busy(format!(
                    "other requests have had every connection for {} s",
                    PATIENCE.as_secs()
                ))
                .into(),
            }),
            had => had,
        }
    }

    /// Whether other replicas may be at work on the same database.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.kind == Kind::Postgres
    }

    /// Ready as long as the database's files are there, it answers and, by what [`watch_writes`](Self::watch_writes) found
    /// last, it can be written to.
    #[must_use]
    pub fn readiness(&self) -> Readiness {
        let database = self.clone();
        Readiness::when(move || {
            let database = database.clone();
            async move { database.is_ready().await }
        })
    }

    async fn is_ready(&self) -> bool {
        self.has_its_files() && self.answers().await && self.findings.writes.works()
    }

    /// Whether what is written would be there at the next start; why not is in the log.
    fn has_its_files(&self) -> bool {
        let files = self.files.check().map_err(sqlx::Error::from);
        self.findings.files.note(&files);
        files.is_ok()
    }

    /// Whether the database answers; why it does not is in the log. A bare `SELECT 1` would not even look at a file,
    /// and the migrations' table is one that every database has.
    pub async fn answers(&self) -> bool {
        let look = async {
            let mut probe = self.explained(self.probe.acquire().await).await?;
            sqlx::query("SELECT 1 FROM _sqlx_migrations LIMIT 1")
                .fetch_optional(&mut *probe)
                .await
        };
        let answer = look.await;
        self.findings.reads.note(&answer);
        answer.is_ok()
    }
}

/// What the pools of both databases have in common.
fn pool() -> AnyPoolOptions {
    AnyPoolOptions::new().acquire_timeout(PATIENCE)
}

/// Runs `setup` on each new connection, whatever the database.
fn after_connect(pool: AnyPoolOptions, setup: String) -> AnyPoolOptions {
    pool.after_connect(move |connection, _metadata| {
        let setup = sqlx::raw_sql(AssertSqlSafe(setup.clone()));
        Box::pin(async move { setup.execute(connection).await.map(drop) })
    })
}
