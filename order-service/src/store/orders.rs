//! Reads one order with its lines in one statement, so that both show the same moment.

use service_kit::failure::Failure;
use shared_types::field::FieldErrors;
use shared_types::id::OrderId;
use shared_types::order::Order;
use shared_types::value::{Price, Timestamp};
use sqlx::{Any, Executor};

use super::rows::{self, LineRow};
use super::{Store, StoreError};
use crate::opening::Closed;
use crate::status::ImpossibleMove;

/// The failures of a request for an order.
#[derive(Debug)]
pub(crate) enum OrderError {
    Unknown,
    UnknownCursor,
    Unacceptable(FieldErrors),
    /// The idempotency key came with another order.
    KeyReused,
    Impossible(ImpossibleMove),
    /// It is another version than the client has seen.
    Refused(Failure),
    /// The restaurant is closed now, or, without `now`, at the wished time.
    Closed {
        closed: Closed,
        now: Option<Timestamp>,
    },
    /// The order costs more than the client accepts.
    TotalExceeded {
        total: Price,
        most: Price,
    },
    /// The id of the deferred request is that of another order.
    IdUsed,
    /// The client's address has as many open orders as it may.
    TooManyOpen(u32),
    Store(StoreError),
}

impl From<StoreError> for OrderError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<sqlx::Error> for OrderError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

impl Store {
    pub(crate) async fn order(&self, id: OrderId) -> Result<Order, OrderError> {
        let mut reader = self.database.reader().await?;
        find(&mut *reader, id).await
    }
}

pub(super) async fn find(
    executor: impl Executor<'_, Database = Any>,
    id: OrderId,
) -> Result<Order, OrderError> {
    let rows: Vec<LineRow> = sqlx::query_as(
        "SELECT o.*, l.dish_id, l.name, l.quantity, l.unit_price_cents,
         l.comment AS line_comment, l.allergens
         FROM orders AS o JOIN order_lines AS l ON l.order_id = o.id
         WHERE o.id = $1 ORDER BY l.position",
    )
    .bind(id.to_string())
    .fetch_all(executor)
    .await?;
    rows::orders(rows)?.pop().ok_or(OrderError::Unknown)
}
