//! Changes the status of an order and writes its event in one transaction: of two simultaneous
//! changes, the second sees the first.

use shared_types::id::OrderId;
use shared_types::order::{Order, OrderStatus};
use shared_types::value::Timestamp;

use super::{OrderError, Store, orders};
use crate::status::{self, Step};

const MOVE: &str = "UPDATE orders SET status = $1, updated_at = $2 WHERE id = $3 AND status = $4";

/// An ended order needs no origin.
const END: &str = "UPDATE orders SET status = $1, updated_at = $2, origin = NULL
     WHERE id = $3 AND status = $4";

impl Store {
    pub(crate) async fn change_status(
        &self,
        id: OrderId,
        to: OrderStatus,
    ) -> Result<Order, OrderError> {
        let _row_lock = self.database.lock_row(&id.to_string()).await?;
        // A status only moves up, so this repeats at most once for each status.
        loop {
            if let Some(order) = self.try_change_status(id, to).await? {
                return Ok(order);
            }
        }
    }

    /// `None` when another replica changed the order between the read and the write.
    async fn try_change_status(
        &self,
        id: OrderId,
        to: OrderStatus,
    ) -> Result<Option<Order>, OrderError> {
        let mut transaction = self.database.write().await?;
        let mut order = orders::find(&mut *transaction, id).await?;
        let from = order.status;
        match status::transition(from, to).map_err(OrderError::Impossible)? {
            Step::Stay => return Ok(Some(order)),
            Step::Move => {}
        }
        order.status = to;
        order.updated_at = Timestamp::now();
        let moved = sqlx::query(if status::is_final(to) { END } else { MOVE })
            .bind(to.as_str())
            .bind(order.updated_at.millis())
            .bind(id.to_string())
            .bind(from.as_str())
            .execute(&mut *transaction)
            .await?;
        if moved.rows_affected() == 0 {
            return Ok(None);
        }
        self.write_event(&mut transaction, &order).await?;
        transaction.commit().await?;
        self.outbox.wake();
        Ok(Some(order))
    }
}
