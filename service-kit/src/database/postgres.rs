//! PostgreSQL: a server that several replicas of a service share.
//!
//! Reads have connections apart from writes: a row that somebody else has locked keeps writers waiting, and no reader.

mod migrate;

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use sqlx::any::AnyConnectOptions;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AnyConnection, AnyPool, Connection as _};

use super::error::Trouble;
use super::{Database, Diagnosis, Kind, PATIENCE, after_connect, pool};

pub(super) use migrate::{PATIENCE as MIGRATION_PATIENCE, migrate};

/// Ten together. With more, a few replicas of two services would fill a server that has its usual 100 connections. A read
/// takes a fraction of what a commit does.
const READERS: u32 = 4;
const WRITERS: u32 = 6;

/// How long a statement waits for a row that somebody else has locked. Less than a request waits for its connection.
const LOCK: Duration = Duration::from_secs(1);

/// A server that hangs, or a replica that died within a transaction, must not hold everybody else's requests.
const IDLE_IN_TRANSACTION: &str = "10s";

/// How long a start waits for the server.
const CONNECT: Duration = Duration::from_secs(10);

/// What is answered 2xx is on the disk, even where the server's own default is to answer sooner. Stricter ones stay.
const DURABLE: &str = "SELECT set_config('synchronous_commit', 'on', false) \
     WHERE current_setting('synchronous_commit') = 'off'";

/// `postgres://USER:PASSWORD@HOST:PORT/DATABASE`, with the parameters of libpq that sqlx knows. Printed without the
/// password.
#[derive(Clone, PartialEq, Eq)]
pub struct PostgresUrl {
    url: String,
    shown: String,
}

impl FromStr for PostgresUrl {
    /// The URL is not repeated: it may hold a password.
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
    /// With the password.
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

/// One connection, without any limit on what it may take.
pub(super) async fn connect(url: &PostgresUrl) -> sqlx::Result<AnyConnection> {
    let connected = tokio::time::timeout(CONNECT, AnyConnection::connect(&url.url)).await;
    connected.map_err(|_elapsed| {
        let told = format!("the server has not answered for {} s", CONNECT.as_secs());
        sqlx::Error::from(Trouble::Unreachable(told))
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
        turns: Arc::default(),
        diagnosis: Some(Arc::new(Diagnosis::of(url))),
        files: Arc::default(),
        _lock: Arc::default(),
    })
}

async fn connections(url: &PostgresUrl, most: u32, setup: &str) -> sqlx::Result<AnyPool> {
    let (patience, lock) = (PATIENCE.as_millis(), LOCK.as_millis());
    let setup = format!(
        "SET statement_timeout = {patience}; SET lock_timeout = {lock}; \
         SET idle_in_transaction_session_timeout = '{IDLE_IN_TRANSACTION}'; {setup}"
    );
    after_connect(pool(), setup)
        // A server that is gone without a word would keep a connection that was given up from ever being replaced.
        .after_release(|connection, _metadata| {
            Box::pin(async move {
                let alive = tokio::time::timeout(PATIENCE, connection.ping()).await;
                alive.map_err(|_elapsed| sqlx::Error::PoolTimedOut)??;
                Ok(true)
            })
        })
        .max_connections(most)
        .connect_with(AnyConnectOptions::from_str(&url.url)?)
        .await
}
