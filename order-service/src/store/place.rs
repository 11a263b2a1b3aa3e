//! Places an order in one transaction: reads the menu, fixes names and prices, writes the order and
//! its event.

use service_kit::client_address::ClientAddress;
use service_kit::database::Statement;
use service_kit::idempotency::{self, Claim, Made, SealedKey};
use shared_types::id::OrderId;
use shared_types::order::{NewOrder, Order, OrderStatus};
use shared_types::value::{Price, Timestamp};
use sqlx::AnyConnection;

use super::{OrderError, Store, StoreError, menu};
use crate::basket::Basket;
use crate::wish;

/// What a request says about its order outside of the body.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Terms {
    /// The address that the gateway names.
    pub(crate) origin: Option<ClientAddress>,
    /// The id of the deferred request that becomes this order.
    pub(crate) id: Option<OrderId>,
    /// The most that the client accepts.
    pub(crate) max_total: Option<Price>,
}

impl Store {
    /// Once this returns, the order is on the disk.
    pub(crate) async fn place(
        &self,
        new: NewOrder,
        key: Option<SealedKey>,
        terms: Terms,
    ) -> Result<Made<Order>, OrderError> {
        let basket = Basket::parse(new.items).map_err(OrderError::Unacceptable)?;
        let _key_lock = idempotency::lock_key(&self.database, key.as_ref()).await?;
        let mut transaction = self.database.write().await?;
        if let Some(key) = &key {
            match key.claim(&mut transaction, Timestamp::now()).await? {
                Claim::First => {}
                Claim::Done(answer) => return Ok(Made::Before(answer)),
                Claim::Reused => return Err(OrderError::KeyReused),
            }
        }
        let origin = terms.origin.map(|origin| origin.to_string());
        if let (Some(origin), Some(most)) = (&origin, self.open_per_address.get()) {
            check_share(&mut transaction, origin, most).await?;
        }
        let dishes = menu::dishes(&mut transaction, &basket.dish_ids()).await?;
        let priced = basket.priced(&dishes).map_err(OrderError::Unacceptable)?;
        if let Some(most) = terms.max_total.filter(|most| priced.total > *most) {
            let total = priced.total;
            return Err(OrderError::TotalExceeded { total, most });
        }
        // Read while SQLite's write lock is held, so that times and commits have the same order.
        let now = Timestamp::now();
        let wished_for = new.wished_for.into_option();
        wish::check(wished_for, now).map_err(OrderError::Unacceptable)?;
        // After the key: the repeat of an order that was taken gets its answer.
        self.opening
            .check(wished_for.unwrap_or(now))
            .map_err(|closed| OrderError::Closed {
                closed,
                now: wished_for.is_none().then_some(now),
            })?;
        let order = Order {
            id: terms.id.unwrap_or_else(OrderId::generate),
            client_id: new.client_id,
            items: priced.lines,
            address: new.address.into_option().map(|line| line.into_string()),
            phone: new.phone.as_ref().map(|phone| phone.as_str().to_owned()),
            comment: new.comment.into_option().map(|line| line.into_string()),
            guests: new.guests.into_option(),
            mode: new.mode.into_option().unwrap_or_default(),
            wished_for,
            status: OrderStatus::Pending,
            total_price: priced.total,
            cancelled_by: None,
            cancelled_because: None,
            created_at: now,
            updated_at: now,
        };
        insert_order(&mut transaction, &order, origin.as_deref()).await?;
        insert_lines(&mut transaction, &order).await?;
        if let Some(key) = &key {
            let answer = serde_json::to_string(&order).map_err(StoreError::from)?;
            key.keep(&mut transaction, &order.id.to_string(), &answer)
                .await?;
        }
        self.write_event(&mut transaction, &order).await?;
        transaction.commit().await?;
        self.outbox.wake();
        Ok(Made::Now(order))
    }
}

/// The number of open orders of a client address. An ended order has no origin.
pub(super) const COUNT_OPEN: &str = "SELECT COUNT(*) FROM orders WHERE origin = $1";

/// Several replicas that are asked at once may each let one more pass.
async fn check_share(
    connection: &mut AnyConnection,
    origin: &str,
    most: u32,
) -> Result<(), OrderError> {
    let open: i64 = sqlx::query_scalar(COUNT_OPEN)
        .bind(origin)
        .fetch_one(connection)
        .await?;
    if open >= i64::from(most) {
        return Err(OrderError::TooManyOpen(most));
    }
    Ok(())
}

async fn insert_order(
    connection: &mut AnyConnection,
    order: &Order,
    origin: Option<&str>,
) -> Result<(), OrderError> {
    let inserted = sqlx::query(
        "INSERT INTO orders
         (id, client_id, address, phone, status, total_cents, created_at, updated_at, origin,
          comment, guests, mode, wished_for)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
         ON CONFLICT (id) DO NOTHING",
    )
    .bind(order.id.to_string())
    .bind(order.client_id.to_string())
    .bind(&order.address)
    .bind(&order.phone)
    .bind(order.status.as_str())
    .bind(order.total_price.cents())
    .bind(order.created_at.millis())
    .bind(order.updated_at.millis())
    .bind(origin)
    .bind(&order.comment)
    .bind(order.guests.map(|guests| i64::from(guests.get())))
    .bind(order.mode.as_str())
    .bind(order.wished_for.map(Timestamp::millis))
    .execute(connection)
    .await?;
    // Only the id of a deferred request can be that of an order.
    match inserted.rows_affected() {
        0 => Err(OrderError::IdUsed),
        _ => Ok(()),
    }
}

/// One statement: the limit on a basket's lines keeps it far below any limit on parameters.
async fn insert_lines(connection: &mut AnyConnection, order: &Order) -> Result<(), sqlx::Error> {
    let order_id = order.id.to_string();
    let mut insert = Statement::new(
        "INSERT INTO order_lines
         (order_id, position, dish_id, name, quantity, unit_price_cents, comment, allergens) VALUES ",
    );
    for (position, line) in (0_i32..).zip(&order.items) {
        insert.push(if position == 0 { "(" } else { ", (" });
        insert.bind(order_id.as_str()).push(", ");
        insert.bind(position).push(", ");
        insert.bind(line.dish_id.to_string()).push(", ");
        insert.bind(line.name.as_str()).push(", ");
        insert.bind(i32::from(line.quantity.get())).push(", ");
        insert.bind(line.unit_price.cents()).push(", ");
        insert.bind(line.comment.as_deref()).push(", ");
        let allergens = line.allergens.as_ref().map(|named| named.joined(","));
        insert.bind(allergens).push(")");
    }
    insert.build()?.execute(connection).await?;
    Ok(())
}
