//! The menu's rows.

use std::collections::{BTreeSet, HashMap};

use service_kit::database::Statement;
use service_kit::idempotency::{self, Claim, Made, SealedKey};
use shared_types::id::DishId;
use shared_types::menu::{Category, Dish};
use shared_types::value::Timestamp;
use sqlx::{Any, AnyConnection, Executor};

use super::rows::DishRow;
use super::{Store, StoreError};
use crate::menu::alphabet;

/// A truth value is read as a number: sqlx's `Any` does not read SQLite's.
macro_rules! dish_columns {
    () => {
        "id, name, description, price_cents, category,
         CAST(available AS INTEGER) AS available, allergens"
    };
}
pub(super) use dish_columns;

macro_rules! select_dishes {
    () => {
        concat!("SELECT ", dish_columns!(), " FROM dishes")
    };
}
pub(super) use select_dishes;

/// The failures of adding a dish.
#[derive(Debug)]
pub(crate) enum MenuError {
    /// The idempotency key came with another dish.
    KeyReused,
    Store(StoreError),
}

impl From<StoreError> for MenuError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<sqlx::Error> for MenuError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

impl Store {
    /// The dishes of one category or of all: in the order of the categories, each by name.
    pub(crate) async fn menu(&self, category: Option<Category>) -> Result<Vec<Dish>, StoreError> {
        let select = match category {
            Some(category) => sqlx::query_as(concat!(select_dishes!(), " WHERE category = $1"))
                .bind(category.as_str()),
            None => sqlx::query_as(select_dishes!()),
        };
        let mut reader = self.database.reader().await?;
        let rows: Vec<DishRow> = select.fetch_all(&mut *reader).await?;
        let mut dishes: Vec<Dish> = rows
            .into_iter()
            .map(Dish::try_from)
            .collect::<Result<_, _>>()?;
        // Sorted here and not in SQL: the order of courses is that of the enumeration, and
        // databases collate text differently.
        dishes.sort_by(|one, other| {
            let by_course = course(one).cmp(&course(other));
            let by_name = || alphabet::compare(&one.name, &other.name);
            by_course.then_with(by_name).then(one.id.cmp(&other.id))
        });
        Ok(dishes)
    }

    /// Once this returns, the dish is on the disk.
    pub(crate) async fn add_dish(
        &self,
        dish: Dish,
        key: Option<SealedKey>,
    ) -> Result<Made<Dish>, MenuError> {
        let _key_lock = idempotency::lock_key(&self.database, key.as_ref()).await?;
        let mut transaction = self.database.write().await?;
        if let Some(key) = &key {
            match key.claim(&mut transaction, Timestamp::now()).await? {
                Claim::First => {}
                Claim::Done(answer) => return Ok(Made::Before(answer)),
                Claim::Reused => return Err(MenuError::KeyReused),
            }
            let answer = serde_json::to_string(&dish).map_err(StoreError::from)?;
            key.keep(&mut transaction, &dish.id.to_string(), &answer)
                .await?;
        }
        insert(&mut *transaction, &dish).await?;
        transaction.commit().await?;
        Ok(Made::Now(dish))
    }

    /// Returns whether the menu was empty. Two replicas that start together fill it once, because
    /// the dishes' ids are fixed.
    pub(crate) async fn fill_empty_menu(&self, dishes: &[Dish]) -> Result<bool, StoreError> {
        let mut transaction = self.database.write().await?;
        let count: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM dishes")
            .fetch_one(&mut *transaction)
            .await?;
        if count > 0 {
            return Ok(false);
        }
        for dish in dishes {
            insert(&mut *transaction, dish).await?;
        }
        transaction.commit().await?;
        Ok(true)
    }
}

/// The dishes of `ids` that are on the menu. The caller limits their number, and so the number of
/// bound parameters.
pub(super) async fn dishes(
    connection: &mut AnyConnection,
    ids: &BTreeSet<DishId>,
) -> Result<HashMap<DishId, Dish>, StoreError> {
    let mut select = Statement::new(concat!(select_dishes!(), " WHERE id IN ("));
    for (index, id) in ids.iter().enumerate() {
        select.push(if index == 0 { "" } else { ", " });
        select.bind(id.to_string());
    }
    select.push(")");
    let rows: Vec<DishRow> = select.build_as()?.fetch_all(connection).await?;
    rows.into_iter()
        .map(|row| Dish::try_from(row).map(|dish| (dish.id, dish)))
        .collect()
}

async fn insert(executor: impl Executor<'_, Database = Any>, dish: &Dish) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO dishes (id, name, description, price_cents, category, available, allergens)
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO NOTHING",
    )
    .bind(dish.id.to_string())
    .bind(&dish.name)
    .bind(&dish.description)
    .bind(dish.price.cents())
    .bind(dish.category.as_str())
    .bind(dish.available)
    .bind(allergens(dish))
    .execute(executor)
    .await?;
    Ok(())
}

pub(super) fn allergens(dish: &Dish) -> Option<String> {
    dish.allergens.as_ref().map(|named| named.joined(","))
}

fn course(dish: &Dish) -> Option<usize> {
    let mut courses = Category::ALL.iter();
    courses.position(|course| *course == dish.category)
}
