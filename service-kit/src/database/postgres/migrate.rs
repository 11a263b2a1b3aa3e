//! Brings the schema up to date on a server that others use at the same time.
//!
//! An advisory lock makes replicas that start together run one after the other, and another session
//! may have locked a table that a migration needs. Each wait is logged and has a limit: a start
//! that hangs silently looks like a broken program.

use std::convert::Infallible;
use std::time::Duration;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::{AssertSqlSafe, Connection as _};

use super::{PostgresUrl, connect};
use crate::database::OpenError;

/// How long another session may hold a lock that a migration needs: longer than another replica
/// takes to migrate a large database.
pub(in crate::database) const TIMEOUT: Duration = Duration::from_secs(30);

/// The wait after which the log names the cause.
const LOG_AFTER: Duration = Duration::from_secs(1);

/// `lock_not_available`: PostgreSQL's `lock_timeout` expired.
const LOCK_TIMEOUT: &str = "55P03";

/// The server processes that hold the locks that process `$1` waits for.
const HOLDERS: &str =
    "SELECT string_agg(holder::text, ', ') FROM unnest(pg_blocking_pids($1)) AS holder";

/// Runs the migrations on a connection of its own: those of the pool limit the time of a statement,
/// and a migration may take longer.
pub(in crate::database) async fn migrate(
    server: &PostgresUrl,
    migrators: &[Migrator],
    timeout: Duration,
) -> Result<(), OpenError> {
    let unopened = |source| OpenError::Connection {
        database: server.to_string(),
        source,
    };
    let mut connection = connect(server).await.map_err(unopened)?;
    let limit = format!("SET lock_timeout = {}", timeout.as_millis());
    let limit = sqlx::raw_sql(AssertSqlSafe(limit));
    limit.execute(&mut connection).await.map_err(unopened)?;
    let process: i32 = sqlx::query_scalar("SELECT pg_backend_pid()")
        .fetch_one(&mut connection)
        .await
        .map_err(unopened)?;
    let migrating = async {
        for migrator in migrators {
            migrator.run(&mut connection).await?;
        }
        connection.close().await.map_err(MigrateError::from)
    };
    let migrated = tokio::select! {
        migrated = migrating => migrated,
        never = log_cause(server, process, timeout) => match never {},
    };
    migrated.map_err(|error| outdated(server, error, timeout))
}

/// Logs the cause of the wait once.
async fn log_cause(server: &PostgresUrl, process: i32, timeout: Duration) -> Infallible {
    tokio::time::sleep(LOG_AFTER).await;
    match holders(server, process).await {
        Ok(Some(holders)) => log::warn!(
            "the database {server} is brought up to date as soon as the server's processes {holders} \
             give up a lock; the start fails after {} s",
            timeout.as_secs()
        ),
        Ok(None) => log::info!("the database {server} is being brought up to date"),
        Err(error) => log::warn!(
            "bringing the database {server} up to date takes long, and the cause cannot be found: {error}"
        ),
    }
    std::future::pending().await
}

async fn holders(server: &PostgresUrl, process: i32) -> sqlx::Result<Option<String>> {
    let mut connection = connect(server).await?;
    let holders = sqlx::query_scalar(HOLDERS).bind(process);
    let holders = holders.fetch_one(&mut connection).await?;
    connection.close().await?;
    Ok(holders)
}

fn outdated(server: &PostgresUrl, error: MigrateError, timeout: Duration) -> OpenError {
    let database = server.to_string();
    if is_lock_timeout(&error) {
        return OpenError::Locked { database, timeout };
    }
    OpenError::Migration {
        database,
        source: error,
    }
}

fn is_lock_timeout(error: &MigrateError) -> bool {
    let (MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _)) = error else {
        return false;
    };
    let code = error.as_database_error().and_then(|error| error.code());
    code.as_deref() == Some(LOCK_TIMEOUT)
}
