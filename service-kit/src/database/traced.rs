//! A connection or a transaction with the span of its use: from the wait for the connection until
//! it is given back. It names no statement and no value.

use std::ops::{Deref, DerefMut};

use sqlx::pool::PoolConnection;
use sqlx::{Any, AnyConnection, Transaction};

use super::Kind;
use crate::trace::{self, OpenSpan};

/// A connection that is given back when it is dropped.
pub type Connection = Traced<PoolConnection<Any>>;

/// A transaction that is rolled back when it is dropped.
pub type WriteTransaction = Traced<Transaction<'static, Any>>;

#[derive(Debug)]
pub struct Traced<C> {
    connection: C,
    /// Ends after the connection is given back. `None` if the trace is not recorded.
    span: Option<OpenSpan>,
}

/// Begins the span of a use, if the current trace is recorded.
pub(super) fn open(kind: Kind, operation: &'static str) -> Option<OpenSpan> {
    let mut span = trace::open(trace::Kind::Client)?;
    let system = match kind {
        Kind::Sqlite => "sqlite",
        Kind::Postgres => "postgresql",
    };
    span.name(operation);
    span.set("db.system.name", system);
    span.set("db.operation.name", operation);
    Some(span)
}

impl<C> Traced<C> {
    /// A span whose connection does not come has failed.
    pub(super) fn of(mut span: Option<OpenSpan>, had: sqlx::Result<C>) -> sqlx::Result<Self> {
        match had {
            Ok(connection) => Ok(Self { connection, span }),
            Err(error) => {
                if let Some(span) = &mut span {
                    span.fail("no_connection");
                }
                Err(error)
            }
        }
    }
}

impl WriteTransaction {
    /// Makes its changes last.
    ///
    /// # Errors
    /// The database fails, and nothing has changed.
    pub async fn commit(mut self) -> sqlx::Result<()> {
        let committed = self.connection.commit().await;
        if let (Err(_), Some(span)) = (&committed, &mut self.span) {
            span.fail("not_committed");
        }
        committed
    }
}

impl<C: Deref<Target = AnyConnection>> Deref for Traced<C> {
    type Target = AnyConnection;

    fn deref(&self) -> &AnyConnection {
        &self.connection
    }
}

impl<C: DerefMut<Target = AnyConnection>> DerefMut for Traced<C> {
    fn deref_mut(&mut self) -> &mut AnyConnection {
        &mut self.connection
    }
}
