//! A service with subscribers that a test can stop.

use std::ops::Deref;

use serde_json::Value;
use service_kit::testing::eventually;
use sqlx::{AnyConnection, Connection as _};

use super::subscriber::Subscriber;
use super::{Service, config, new_order};
use crate::TestDatabase;

pub(crate) struct Linked(Service);

impl Deref for Linked {
    type Target = Service;

    fn deref(&self) -> &Service {
        &self.0
    }
}

impl Linked {
    pub(crate) async fn start(kitchen: &Subscriber, delivery: Option<&Subscriber>) -> Self {
        Self::start_on(TestDatabase::fresh(), kitchen, delivery).await
    }

    pub(crate) async fn start_on(
        database: TestDatabase,
        kitchen: &Subscriber,
        delivery: Option<&Subscriber>,
    ) -> Self {
        let mut config = config(&database, true);
        config.kitchen_url = Some(kitchen.url());
        config.delivery_url = delivery.map(Subscriber::url);
        Self(Service::start_with(config, database).await)
    }

    pub(crate) async fn stop(self) -> TestDatabase {
        self.0.stop().await
    }

    /// Waits until every message is settled. When a subscriber has taken one, the database may still
    /// have to write so.
    pub(crate) async fn nothing_waits(&self) {
        eventually("an empty outbox", async || {
            (waiting(&self.database).await == 0).then_some(())
        })
        .await;
    }

    /// An order that a script recognises by its address.
    pub(crate) async fn order_to(&self, address: &str) -> Value {
        let mut new = new_order();
        new["adresse"] = address.into();
        self.post("/commandes", new).await.ok(201)
    }

    /// An order that has been made ready.
    pub(crate) async fn ready_order(&self) -> Value {
        let order = self.order().await;
        self.change(&order, "PRETE").await.ok(200)
    }
}

/// The number in the one column of the one row.
pub(crate) async fn number(database: &TestDatabase, sql: &'static str) -> i64 {
    let mut connection = AnyConnection::connect(&database.url()).await.unwrap();
    let number = sqlx::query_scalar(sql).fetch_one(&mut connection);
    number.await.unwrap()
}

/// The number of waiting messages.
pub(crate) async fn waiting(database: &TestDatabase) -> i64 {
    number(database, "SELECT COUNT(*) FROM outbox").await
}
