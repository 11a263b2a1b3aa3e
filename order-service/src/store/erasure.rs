//! Makes the orders of one client anonymous, here and at the subscribers.
//!
//! 1. An ended order becomes anonymous, and so does its event, which the subscribers get after all
//!    others of the order. So none of them learns the client's name once more.
//! 2. An open order keeps what the kitchen and the courier need. The client service asks again until
//!    there is none.
//! 3. The client is forgotten once no order names it and no such event waits. Events of other
//!    clients' erasures may wait too; which is which is not noted, since that would name the client.

use service_kit::idempotency;
use shared_types::event::OrderEvent;
use shared_types::id::ClientId;
use sqlx::AnyConnection;

use super::retention::make_anonymous;
use super::{OrderError, Store, orders, rows};

/// The orders of one transaction: it holds the only writer of SQLite.
const PORTION: i64 = 50;

const ENDED: &str = "SELECT id FROM orders
     WHERE client_id = $1 AND status || '' IN ('LIVREE', 'ANNULEE') LIMIT $2";

/// Changes nothing if another replica was first.
const ORDER: &str = concat!(make_anonymous!(), "WHERE id = $1 AND client_id = $2");

const LINES: &str = "UPDATE order_lines SET comment = NULL WHERE order_id = $1";

impl Store {
    /// Makes the client's ended orders anonymous. Returns whether the client is forgotten.
    pub(crate) async fn erase_client(&self, client: ClientId) -> Result<bool, OrderError> {
        if client == ClientId::NOBODY {
            return Ok(true); // whose orders are anonymous already
        }
        let client = client.to_string();
        while self.erase_portion(&client).await? {}
        let mut reader = self.database.reader().await?;
        let left = sqlx::query("SELECT 1 FROM orders WHERE client_id = $1 LIMIT 1")
            .bind(&client)
            .fetch_optional(&mut *reader)
            .await?;
        drop(reader);
        Ok(left.is_none() && !self.outbox.is_waiting(OrderEvent::LAST_STEP).await?)
    }

    /// Returns whether there were any.
    async fn erase_portion(&self, client: &str) -> Result<bool, OrderError> {
        let mut transaction = self.database.write().await?;
        let ended: Vec<String> = sqlx::query_scalar(ENDED)
            .bind(client)
            .bind(PORTION)
            .fetch_all(&mut *transaction)
            .await?;
        for order in &ended {
            self.erase_order(&mut transaction, order, client).await?;
        }
        transaction.commit().await?;
        self.outbox.wake();
        Ok(!ended.is_empty())
    }

    async fn erase_order(
        &self,
        connection: &mut AnyConnection,
        id: &str,
        client: &str,
    ) -> Result<(), OrderError> {
        let changed = sqlx::query(ORDER).bind(id).bind(client);
        if changed.execute(&mut *connection).await?.rows_affected() == 0 {
            return Ok(());
        }
        let changed = sqlx::query(LINES).bind(id);
        changed.execute(&mut *connection).await?;
        // The answer that its client may ask for once more names the client.
        idempotency::forget(connection, id).await?;
        let order = orders::find(&mut *connection, rows::order_id(id)?).await?;
        Ok(self.write_event(connection, &order).await?)
    }
}
