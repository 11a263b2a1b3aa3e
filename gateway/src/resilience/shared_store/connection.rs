//! The connection to the store. All workers share it, and Redis answers their commands in order.

use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client};

use super::PATIENCE;

pub(super) struct Link {
    client: Client,
    current: RwLock<Option<MultiplexedConnection>>,
}

impl Link {
    pub(super) fn new(client: Client) -> Self {
        Self {
            client,
            current: RwLock::default(),
        }
    }

    /// The open connection, if there is one.
    pub(super) fn current(&self) -> Option<MultiplexedConnection> {
        let current = self.current.read();
        current.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The open connection, or a new one.
    ///
    /// # Errors
    /// It cannot be opened within [`PATIENCE`].
    pub(super) async fn connection(&self) -> Result<MultiplexedConnection, String> {
        if let Some(connection) = self.current() {
            return Ok(connection);
        }
        let connection = self.open(None).await?;
        self.set(Some(connection.clone()));
        Ok(connection)
    }

    /// A connection of its own, whose answers may take as long as `most`.
    ///
    /// # Errors
    /// As of [`Self::connection`].
    pub(super) async fn another(&self, most: Duration) -> Result<MultiplexedConnection, String> {
        self.open(Some(most)).await
    }

    /// What is asked on the connection now ends without an answer.
    pub(super) fn drop_connection(&self) {
        self.set(None);
    }

    /// Whoever asks on the shared connection has a deadline of its own.
    async fn open(&self, most: Option<Duration>) -> Result<MultiplexedConnection, String> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(PATIENCE))
            .set_response_timeout(most);
        let opened = self
            .client
            .get_multiplexed_async_connection_with_config(&config);
        opened.await.map_err(|error| error.to_string())
    }

    fn set(&self, connection: Option<MultiplexedConnection>) {
        let current = self.current.write();
        *current.unwrap_or_else(PoisonError::into_inner) = connection;
    }
}
