//! Reads, changes and removes one dish.

use service_kit::failure::Failure;
use service_kit::idempotency;
use service_kit::input::IfMatch;
use shared_types::id::DishId;
use shared_types::menu::{Dish, DishChange};
use sqlx::AnyConnection;

use super::menu::{allergens, dish_columns, select_dishes};
use super::rows::DishRow;
use super::{Store, StoreError};

/// The failures of a request for one dish.
#[derive(Debug)]
pub(crate) enum DishError {
    Unknown,
    /// It is another version than the client has seen.
    Refused(Failure),
    Store(StoreError),
}

impl From<StoreError> for DishError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<sqlx::Error> for DishError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// Reads a row and locks it until the end of the transaction. This is the `SELECT … FOR UPDATE`
/// that SQLite understands too. On PostgreSQL, it waits for the transaction that has the row, and
/// reads what that one wrote.
const LOCK: &str = concat!(
    "UPDATE dishes SET id = id WHERE id = $1 RETURNING ",
    dish_columns!()
);

const CHANGE: &str = "UPDATE dishes
     SET name = $2, description = $3, price_cents = $4, category = $5, available = $6, allergens = $7
     WHERE id = $1";

impl Store {
    pub(crate) async fn dish(&self, id: DishId) -> Result<Dish, DishError> {
        let mut reader = self.database.reader().await?;
        let row: Option<DishRow> = sqlx::query_as(concat!(select_dishes!(), " WHERE id = $1"))
            .bind(id.to_string())
            .fetch_optional(&mut *reader)
            .await?;
        Ok(row.ok_or(DishError::Unknown)?.try_into()?)
    }

    /// Answers the dish as it is now.
    pub(crate) async fn change_dish(
        &self,
        id: DishId,
        change: DishChange,
        seen: &IfMatch,
    ) -> Result<Dish, DishError> {
        let _row_lock = self.database.lock_row(&id.to_string()).await?;
        let mut transaction = self.database.write().await?;
        let mut dish = lock(&mut transaction, id).await?;
        seen.check(&dish).map_err(DishError::Refused)?;
        change.apply(&mut dish);
        sqlx::query(CHANGE)
            .bind(id.to_string())
            .bind(&dish.name)
            .bind(&dish.description)
            .bind(dish.price.cents())
            .bind(dish.category.as_str())
            .bind(dish.available)
            .bind(allergens(&dish))
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(dish)
    }

    /// The lines of orders keep the dish's name and price: they have their own. The answer to the
    /// request that made the dish is forgotten, so that the same request makes another one.
    pub(crate) async fn remove_dish(&self, id: DishId, seen: &IfMatch) -> Result<(), DishError> {
        let _row_lock = self.database.lock_row(&id.to_string()).await?;
        let mut transaction = self.database.write().await?;
        let dish = lock(&mut transaction, id).await?;
        seen.check(&dish).map_err(DishError::Refused)?;
        sqlx::query("DELETE FROM dishes WHERE id = $1")
            .bind(id.to_string())
            .execute(&mut *transaction)
            .await?;
        idempotency::forget(&mut transaction, &id.to_string()).await?;
        transaction.commit().await?;
        Ok(())
    }
}

async fn lock(connection: &mut AnyConnection, id: DishId) -> Result<Dish, DishError> {
    let row: Option<DishRow> = sqlx::query_as(LOCK)
        .bind(id.to_string())
        .fetch_optional(connection)
        .await?;
    Ok(row.ok_or(DishError::Unknown)?.try_into()?)
}
