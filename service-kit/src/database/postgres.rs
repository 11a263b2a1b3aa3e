//! PostgreSQL: a server that several replicas of a service share.
//!
//! Reads and writes have separate connections: a locked row makes writers wait, but no reader.

mod migrate;

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use sqlx::any::AnyConnectOptions;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AnyConnection, AnyPool, Connection as _};

use super::error::Trouble;
use super::{Database, Diagnosis, Kind, TIMEOUT, after_connect, pool};

pub(super) use migrate::{TIMEOUT as MIGRATION_PATIENCE, migrate};

/// With the writers, ten connections. With more, a few replicas of two services would fill a server
/// with its usual 100. A read takes a fraction of the time of a commit.
const READERS: u32 = 4;
const WRITERS: u32 = 6;

/// How long a statement waits for a locked row: less than a request waits for its connection.
const LOCK_WAIT: Duration = Duration::from_secs(1);

/// A hanging server, or a replica that died within a transaction, must not hold up all other
/// requests.
const IDLE_IN_TRANSACTION: &str = "10s";

/// How long a start waits for the server.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// A write that was answered 2xx is on the disk, even if the server's default is to answer sooner.
/// A stricter default stays.
const DURABLE: &str = "SELECT set_config('synchronous_commit', 'on', false) \
     WHERE current_setting('synchronous_commit') = 'off'";

/// `postgres://USER:PASSWORD@HOST:PORT/DATABASE`, with the libpq parameters that sqlx knows.
/// Printed without the password.
#[derive(Clone, PartialEq, Eq)]
pub struct PostgresUrl {
    url: String,
    shown: String,
}

impl FromStr for PostgresUrl {
    /// Does not repeat the URL, which may hold a password.
    type Err = &'static str;

    fn from_str(url: &str) -> Result<Self, Self::Err> {
        let refused = "expected postgres://USER:PASSWORD@HOST:PORT/DATABASE";
        let options = PgConnectOptions::from_str(url).map_err(|_may_repeat_it| refused)?;
        let database = options.get_database().ok_or(refused)?;
        let shown = format!("{database} at {}", options.get_host());
        Ok(Self {
            url: url.to_owned(),
            shown,
        })
    }
}

impl PostgresUrl {
    /// The URL with its password.
    pub(super) fn as_str(&self) -> &str {
        &self.url
    }
}

impl fmt::Display for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PostgresUrl({})", self.shown)
    }
}

/// One connection without any time limits.
pub(super) async fn connect(url: &PostgresUrl) -> sqlx::Result<AnyConnection> {
    let connected = tokio::time::timeout(CONNECT_TIMEOUT, AnyConnection::connect(&url.url)).await;
    connected.map_err(|_elapsed| {
        let message = format!(
            "the server has not answered for {} s",
            CONNECT_TIMEOUT.as_secs()
        );
        sqlx::Error::from(Trouble::Unreachable(message))
    })?
}

pub(super) async fn open(url: &PostgresUrl) -> sqlx::Result<Database> {
    let reader = connections(url, READERS, "SET default_transaction_read_only = on").await?;
    Ok(Database {
        writer: connections(url, WRITERS, DURABLE).await?,
        probe: reader.clone(),
        reader,
        kind: Kind::Postgres,
        findings: Arc::default(),
        row_locks: Arc::default(),
        diagnosis: Some(Arc::new(Diagnosis::of(url))),
        files: Arc::default(),
        _lock: Arc::default(),
    })
}

async fn connections(url: &PostgresUrl, most: u32, setup: &str) -> sqlx::Result<AnyPool> {
    let (timeout, lock) = (TIMEOUT.as_millis(), LOCK_WAIT.as_millis());
    let setup = format!(
        "SET statement_timeout = {timeout}; SET lock_timeout = {lock}; \
         SET idle_in_transaction_session_timeout = '{IDLE_IN_TRANSACTION}'; {setup}"
    );
    after_connect(pool(), setup)
        // Without this, a server that vanished silently would keep a dropped connection from ever
        // being replaced.
        .after_release(|connection, _metadata| {
            Box::pin(async move {
                let alive = tokio::time::timeout(TIMEOUT, connection.ping()).await;
                alive.map_err(|_elapsed| sqlx::Error::PoolTimedOut)??;
                Ok(true)
            })
        })
        .max_connections(most)
        .connect_with(AnyConnectOptions::from_str(&url.url)?)
        .await
}
