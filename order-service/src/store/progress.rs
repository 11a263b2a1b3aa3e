//! Changes the status of an order and writes its event in one transaction: of two simultaneous
//! changes, the second sees the first.

use service_kit::input::IfMatch;
use shared_types::account::Role;
use shared_types::id::OrderId;
use shared_types::order::{Order, OrderStatus};
use shared_types::value::Timestamp;

use super::{OrderError, Store, orders};
use crate::status::{self, Step};

const MOVE: &str = "UPDATE orders SET status = $1, updated_at = $2 WHERE id = $3 AND status = $4";

/// An ended order needs no origin.
const END: &str = "UPDATE orders
     SET status = $1, updated_at = $2, origin = NULL, cancelled_by = $5, cancelled_because = $6
     WHERE id = $3 AND status = $4";

/// Who cancels an order, and why, as far as they say. Of an order that ends otherwise, nothing.
#[derive(Debug, Default)]
pub(crate) struct Cancellation {
    pub(crate) by: Option<Role>,
    pub(crate) because: Option<String>,
}

/// A change of an order's status.
#[derive(Debug)]
pub(crate) struct Move {
    pub(crate) to: OrderStatus,
    pub(crate) cancellation: Cancellation,
    /// Checked in the transaction of the change.
    pub(crate) seen: IfMatch,
}

impl Store {
    pub(crate) async fn change_status(
        &self,
        id: OrderId,
        change: &Move,
    ) -> Result<Order, OrderError> {
        let _row_lock = self.database.lock_row(&id.to_string()).await?;
        // A status only moves up, so this repeats at most once for each status.
        loop {
            if let Some(order) = self.try_change_status(id, change).await? {
                return Ok(order);
            }
        }
    }

    /// `None` when another replica changed the order between the read and the write.
    async fn try_change_status(
        &self,
        id: OrderId,
        change: &Move,
    ) -> Result<Option<Order>, OrderError> {
        let mut transaction = self.database.write().await?;
        let mut order = orders::find(&mut *transaction, id).await?;
        let Move {
            to,
            cancellation,
            seen,
        } = change;
        seen.check(&order).map_err(OrderError::Refused)?;
        let (from, to) = (order.status, *to);
        match status::transition(from, to).map_err(OrderError::Impossible)? {
            Step::Stay => return Ok(Some(order)),
            Step::Move => {}
        }
        order.status = to;
        order.updated_at = Timestamp::now();
        let ends = status::is_final(to);
        let mut moved = sqlx::query(if ends { END } else { MOVE })
            .bind(to.as_str())
            .bind(order.updated_at.millis())
            .bind(id.to_string())
            .bind(from.as_str());
        if ends {
            order.cancelled_by = cancellation.by;
            order.cancelled_because.clone_from(&cancellation.because);
            let by = cancellation.by.map(|role| role.as_str());
            moved = moved.bind(by).bind(cancellation.because.as_deref());
        }
        let moved = moved.execute(&mut *transaction).await?;
        if moved.rows_affected() == 0 {
            return Ok(None);
        }
        self.write_event(&mut transaction, &order).await?;
        transaction.commit().await?;
        self.outbox.wake();
        Ok(Some(order))
    }
}
