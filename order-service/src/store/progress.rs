//! An order moves on, in one transaction: of two who move it at once, the second sees what the first did.

use shared_types::id::OrderId;
use shared_types::order::{Order, OrderStatus};
use shared_types::value::Timestamp;

use super::{OrderError, Store, orders};
use crate::status::{self, Step};

impl Store {
    pub(crate) async fn change_status(
        &self,
        id: OrderId,
        to: OrderStatus,
    ) -> Result<Order, OrderError> {
        let mut transaction = self.database.write().await?;
        let mut order = orders::find(&mut *transaction, id).await?;
        match status::transition(order.status, to).map_err(OrderError::Impossible)? {
            Step::Stay => return Ok(order),
            Step::Move => {}
        }
        order.status = to;
        order.updated_at = Timestamp::now();
        sqlx::query("UPDATE orders SET status = $1, updated_at = $2 WHERE id = $3")
            .bind(order.status.as_str())
            .bind(order.updated_at.millis())
            .bind(order.id.to_string())
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(order)
    }
}
