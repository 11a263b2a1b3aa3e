//! Reading orders, each with its lines in one statement: no query per order, and one moment's view of both.

use service_kit::database::Statement;
use shared_types::field::FieldErrors;
use shared_types::id::OrderId;
use shared_types::order::Order;
use sqlx::{Any, Executor};

use super::rows::{self, LineRow};
use super::{Store, StoreError};
use crate::page::{Cursor, Limit, Listing};
use crate::status::ImpossibleMove;

/// What orders can answer but with an order.
#[derive(Debug)]
pub(crate) enum OrderError {
    Unknown,
    UnknownCursor,
    Unacceptable(FieldErrors),
    /// The idempotency key came with another order.
    KeyReused,
    Impossible(ImpossibleMove),
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

pub(crate) struct Page {
    pub(crate) orders: Vec<Order>,
    /// The last order of the page, where more follow it.
    pub(crate) continues_after: Option<OrderId>,
}

impl Store {
    pub(crate) async fn order(&self, id: OrderId) -> Result<Order, OrderError> {
        find(self.database.reader(), id).await
    }

    /// The orders that match, newest first; of those made in the same millisecond, the higher id first.
    pub(crate) async fn orders(&self, listing: &Listing) -> Result<Page, OrderError> {
        let after = match listing.cursor.as_ref() {
            Some(Cursor(id)) => Some((self.created_at(*id).await?, *id)),
            None => None,
        };
        let limit = listing.limit.as_ref().copied().map(Limit::get);
        let rows: Vec<LineRow> = select(listing, after, limit)
            .build_as()?
            .fetch_all(self.database.reader())
            .await?;
        Ok(cut(rows::orders(rows)?, limit))
    }

    /// Where a page starts. An order is never deleted and its time never changes, so that this needs no
    /// transaction with what follows.
    async fn created_at(&self, cursor: OrderId) -> Result<i64, OrderError> {
        sqlx::query_scalar("SELECT created_at FROM orders WHERE id = $1")
            .bind(cursor.to_string())
            .fetch_optional(self.database.reader())
            .await?
            .ok_or(OrderError::UnknownCursor)
    }
}

pub(super) async fn find(
    executor: impl Executor<'_, Database = Any>,
    id: OrderId,
) -> Result<Order, OrderError> {
    let rows: Vec<LineRow> = sqlx::query_as(
        "SELECT o.*, l.dish_id, l.name, l.quantity, l.unit_price_cents
         FROM orders AS o JOIN order_lines AS l ON l.order_id = o.id
         WHERE o.id = $1 ORDER BY l.position",
    )
    .bind(id.to_string())
    .fetch_all(executor)
    .await?;
    rows::orders(rows)?.pop().ok_or(OrderError::Unknown)
}

/// Filters and limits the orders first, then joins their lines. The conditions are written in only where they
/// apply, so that each combination finds its index.
fn select(listing: &Listing, after: Option<(i64, OrderId)>, limit: Option<u32>) -> Statement {
    let mut select = Statement::new(
        "SELECT o.*, l.dish_id, l.name, l.quantity, l.unit_price_cents
         FROM (SELECT * FROM orders WHERE 1 = 1",
    );
    if let Some(client) = listing.client_id.as_ref() {
        select.push(" AND client_id = ").bind(client.to_string());
    }
    if let Some(status) = listing.status.as_ref() {
        select.push(" AND status = ").bind(status.as_str());
    }
    if let Some((created_at, id)) = after {
        select.push(" AND (created_at, id) < (");
        select.bind(created_at).push(", ");
        select.bind(id.to_string()).push(")");
    }
    select.push(" ORDER BY created_at DESC, id DESC");
    if let Some(limit) = limit {
        // One more than asked for tells whether the list goes on.
        select.push(" LIMIT ").bind(i64::from(limit) + 1);
    }
    select.push(
        ") AS o JOIN order_lines AS l ON l.order_id = o.id
         ORDER BY o.created_at DESC, o.id DESC, l.position",
    );
    select
}

fn cut(mut orders: Vec<Order>, limit: Option<u32>) -> Page {
    let limit = limit.and_then(|limit| usize::try_from(limit).ok());
    let more = limit.is_some_and(|limit| orders.len() > limit);
    if let Some(limit) = limit {
        orders.truncate(limit);
    }
    let last = orders.last().map(|order| order.id);
    Page {
        orders,
        continues_after: last.filter(|_last| more),
    }
}
