//! Converts database rows to values of the contract.
//!
//! A row that cannot be converted is an error. It is never skipped: a list that silently lacks an
//! order would be worse than none.

use shared_types::field::FromText;
use shared_types::id::OrderId;
use shared_types::menu::Dish;
use shared_types::order::{Order, OrderLine, OrderMode};
use shared_types::value::{Price, Quantity, Timestamp};

use super::StoreError;

service_kit::row! {
    #[derive(Debug)]
    pub(super) struct DishRow {
        id: String,
        name: String,
        description: Option<String>,
        price_cents: i64,
        category: String,
        available: i32,
        allergens: Option<String>,
    }
}

service_kit::row! {
    /// A line together with its order, as the join of the two returns it.
    #[derive(Debug)]
    pub(super) struct LineRow {
        id: String,
        client_id: String,
        address: Option<String>,
        phone: Option<String>,
        comment: Option<String>,
        guests: Option<i64>,
        mode: Option<String>,
        wished_for: Option<i64>,
        status: String,
        total_cents: i64,
        cancelled_by: Option<String>,
        cancelled_because: Option<String>,
        created_at: i64,
        updated_at: i64,
        dish_id: String,
        name: String,
        quantity: i64,
        unit_price_cents: i64,
        line_comment: Option<String>,
        allergens: Option<String>,
    }
}

impl TryFrom<DishRow> for Dish {
    type Error = StoreError;

    fn try_from(row: DishRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: text("dishes.id", &row.id)?,
            name: row.name,
            description: row.description,
            price: price("dishes.price_cents", row.price_cents)?,
            category: text("dishes.category", &row.category)?,
            available: row.available != 0,
            allergens: match &row.allergens {
                Some(named) => Some(text("dishes.allergens", named)?),
                None => None,
            },
        })
    }
}

/// Groups the lines by order. They must come order by order.
pub(super) fn orders(rows: Vec<LineRow>) -> Result<Vec<Order>, StoreError> {
    let mut orders: Vec<Order> = Vec::new();
    for mut row in rows {
        let id = order_id(&row.id)?;
        let line = line(&mut row)?;
        match orders.last_mut() {
            Some(order) if order.id == id => order.items.push(line),
            _ => orders.push(order(id, row, line)?),
        }
    }
    Ok(orders)
}

pub(super) fn order_id(id: &str) -> Result<OrderId, StoreError> {
    text("orders.id", id)
}

fn order(id: OrderId, row: LineRow, first: OrderLine) -> Result<Order, StoreError> {
    Ok(Order {
        id,
        client_id: text("orders.client_id", &row.client_id)?,
        items: vec![first],
        address: row.address,
        phone: row.phone,
        comment: row.comment,
        guests: row
            .guests
            .map(|guests| quantity("orders.guests", guests))
            .transpose()?,
        mode: match &row.mode {
            Some(mode) => text("orders.mode", mode)?,
            None => OrderMode::default(),
        },
        wished_for: row
            .wished_for
            .map(|millis| time("orders.wished_for", millis))
            .transpose()?,
        status: text("orders.status", &row.status)?,
        total_price: price("orders.total_cents", row.total_cents)?,
        cancelled_by: match &row.cancelled_by {
            Some(role) => Some(text("orders.cancelled_by", role)?),
            None => None,
        },
        cancelled_because: row.cancelled_because,
        created_at: time("orders.created_at", row.created_at)?,
        updated_at: time("orders.updated_at", row.updated_at)?,
    })
}

fn line(row: &mut LineRow) -> Result<OrderLine, StoreError> {
    Ok(OrderLine {
        dish_id: text("order_lines.dish_id", &row.dish_id)?,
        name: std::mem::take(&mut row.name),
        quantity: quantity("order_lines.quantity", row.quantity)?,
        unit_price: price("order_lines.unit_price_cents", row.unit_price_cents)?,
        comment: row.line_comment.take(),
        allergens: match &row.allergens {
            Some(named) => Some(text("order_lines.allergens", named)?),
            None => None,
        },
    })
}

fn text<T: FromText>(column: &'static str, value: &str) -> Result<T, StoreError> {
    T::from_text(value).map_err(|_fault| unreadable(column, value))
}

fn quantity(column: &'static str, count: i64) -> Result<Quantity, StoreError> {
    let quantity = u64::try_from(count).ok().and_then(Quantity::new);
    quantity.ok_or_else(|| unreadable(column, count))
}

fn price(column: &'static str, cents: i64) -> Result<Price, StoreError> {
    Price::from_cents(cents).ok_or_else(|| unreadable(column, cents))
}

fn time(column: &'static str, millis: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_millis(millis).ok_or_else(|| unreadable(column, millis))
}

fn unreadable(column: &'static str, value: impl ToString) -> StoreError {
    StoreError::Unreadable {
        column,
        value: value.to_string(),
    }
}
