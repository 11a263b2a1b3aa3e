//! PostgreSQL: a server that several replicas of a service share.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use sqlx::any::AnyConnectOptions;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AnyConnection, Connection as _};

use super::{Database, Kind, PATIENCE, after_connect, pool};

/// More than this and a server with its usual 100 connections would be full with a few replicas of two services.
const CONNECTIONS: u32 = 10;

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
    connected.map_err(|_elapsed| sqlx::Error::PoolTimedOut)?
}

pub(super) async fn open(url: &PostgresUrl) -> sqlx::Result<Database> {
    let patience = PATIENCE.as_millis();
    let setup = format!(
        "SET statement_timeout = {patience}; SET lock_timeout = {patience}; \
         SET idle_in_transaction_session_timeout = '{IDLE_IN_TRANSACTION}'; {DURABLE}"
    );
    let pool = after_connect(pool(), setup)
        // A server that is gone without a word would keep a connection that was given up from ever being replaced.
        .after_release(|connection, _metadata| {
            Box::pin(async move {
                let alive = tokio::time::timeout(PATIENCE, connection.ping()).await;
                alive.map_err(|_elapsed| sqlx::Error::PoolTimedOut)??;
                Ok(true)
            })
        })
        .max_connections(CONNECTIONS)
        .connect_with(AnyConnectOptions::from_str(&url.url)?)
        .await?;
    Ok(Database {
        reader: pool.clone(),
        writer: pool,
        kind: Kind::Postgres,
        findings: Arc::default(),
        _lock: Arc::default(),
    })
}
