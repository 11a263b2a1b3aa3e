//! Makes ended orders anonymous: what was sold stays, to whom does not.

use std::time::Duration;

use service_kit::housekeeping::delete_by_portions;
use shared_types::value::Timestamp;

use super::Store;

/// The comments of the lines come first: they are found by their orders.
const LINES: &str =
    "UPDATE order_lines SET comment = NULL WHERE comment IS NOT NULL AND order_id IN
     (SELECT o.id FROM orders AS o JOIN order_lines AS l ON l.order_id = o.id
      WHERE o.status || '' IN ('LIVREE', 'ANNULEE') AND o.updated_at <= $1
        AND l.comment IS NOT NULL LIMIT $2)";

/// An anonymous order is the nil UUID's ([`ClientId::NOBODY`](shared_types::id::ClientId::NOBODY)). The
/// time of change stays: pages of ended orders are sorted by it.
macro_rules! make_anonymous {
    () => {
        "UPDATE orders SET client_id = '00000000-0000-0000-0000-000000000000',
         address = NULL, phone = NULL, comment = NULL, cancelled_because = NULL "
    };
}
pub(super) use make_anonymous;

const ORDERS: &str = concat!(
    make_anonymous!(),
    "WHERE id IN
     (SELECT id FROM orders
      WHERE status || '' IN ('LIVREE', 'ANNULEE') AND updated_at <= $1
        AND client_id <> '00000000-0000-0000-0000-000000000000' LIMIT $2)"
);

impl Store {
    /// Makes the orders anonymous that ended longer ago than this. Returns their number.
    pub(super) async fn make_anonymous(&self, kept: Duration, now: Timestamp) -> sqlx::Result<u64> {
        let kept = i64::try_from(kept.as_millis()).unwrap_or(i64::MAX);
        let Some(over) = Timestamp::from_millis(now.millis().saturating_sub(kept)) else {
            return Ok(0); // longer than there are orders
        };
        delete_by_portions(&self.database, LINES, over).await?;
        delete_by_portions(&self.database, ORDERS, over).await
    }
}
