//! Imports a menu in one transaction.

use service_kit::database::Statement;
use shared_types::menu::{Dish, ImportResult};
use sqlx::AnyConnection;

use super::menu::{allergens, dish_columns, select_dishes};
use super::rows::DishRow;
use super::{Store, StoreError};
use crate::menu::import::{Entry, Planned, plan};

/// Imports come one after the other, so that none doubles what another adds.
const LOCK_KEY: &str = "menu import";

/// Between two replicas. Others go on reading the menu; whoever changes it waits.
const LOCK_TABLE: &str = "LOCK TABLE dishes IN SHARE ROW EXCLUSIVE MODE";

/// Dishes in one statement: seven values each, far below any limit on parameters.
const PORTION: usize = 100;

impl Store {
    /// Once this returns, the whole menu is on the disk, or nothing of it.
    pub(crate) async fn import(&self, entries: Vec<Entry>) -> Result<Vec<Planned>, StoreError> {
        let _row_lock = self.database.lock_row(LOCK_KEY).await?;
        let mut transaction = self.database.write().await?;
        if self.database.is_shared() {
            let lock = sqlx::query(LOCK_TABLE);
            lock.execute(&mut *transaction).await?;
        }
        let planned = plan(all(&mut transaction).await?, entries);
        let changed = planned
            .iter()
            .filter(|planned| planned.result != ImportResult::Unchanged);
        let changed: Vec<_> = changed.map(|planned| &planned.dish).collect();
        for portion in changed.chunks(PORTION) {
            write(&mut transaction, portion).await?;
        }
        transaction.commit().await?;
        Ok(planned)
    }

    /// What [`import`](Self::import) would do now.
    pub(crate) async fn rehearse_import(
        &self,
        entries: Vec<Entry>,
    ) -> Result<Vec<Planned>, StoreError> {
        let mut reader = self.database.reader().await?;
        Ok(plan(all(&mut reader).await?, entries))
    }
}

async fn all(connection: &mut AnyConnection) -> Result<Vec<Dish>, StoreError> {
    let rows: Vec<DishRow> = sqlx::query_as(select_dishes!())
        .fetch_all(connection)
        .await?;
    rows.into_iter().map(Dish::try_from).collect()
}

async fn write(connection: &mut AnyConnection, dishes: &[&Dish]) -> sqlx::Result<()> {
    let mut insert = Statement::new(
        "INSERT INTO dishes (id, name, description, price_cents, category, available, allergens)
         VALUES ",
    );
    for (index, dish) in dishes.iter().enumerate() {
        insert.push(if index == 0 { "(" } else { ", (" });
        insert.bind(dish.id.to_string()).push(", ");
        insert.bind(dish.name.clone()).push(", ");
        insert.bind(dish.description.clone()).push(", ");
        insert.bind(dish.price.cents()).push(", ");
        insert.bind(dish.category.as_str()).push(", ");
        insert.bind(dish.available).push(", ");
        insert.bind(allergens(dish)).push(")");
    }
    insert.push(
        " ON CONFLICT (id) DO UPDATE SET name = excluded.name, description = excluded.description,
         price_cents = excluded.price_cents, category = excluded.category,
         available = excluded.available, allergens = excluded.allergens",
    );
    insert.build()?.execute(connection).await?;
    Ok(())
}
