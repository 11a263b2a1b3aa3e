//! Replicas that share an outbox share the work of telling.

use futures_util::future::{join, join_all};
use serde_json::Value;
use service_kit::testing::eventually;

use crate::suite::linked::{Linked, waiting};
use crate::suite::path;
use crate::suite::subscriber::Subscriber;

const ORDERS: usize = 100;

/// An order that is made at one replica and moved at both.
async fn prepared_order(one: &Linked, other: &Linked) -> Value {
    let order = one.order().await;
    let _ = other.change(&order, "EN_PREPARATION").await.ok(200);
    one.change(&order, "PRETE").await.ok(200)
}

#[actix_web::test]
async fn each_event_is_told_once_and_in_order_whichever_replica_tells_it() {
    let kitchen = Subscriber::start().await;
    let one = Linked::start(&kitchen, None).await;
    let other = Linked::start_on(one.database.clone(), &kitchen, None).await;
    let orders = join_all((0..ORDERS).map(|number| match number % 2 {
        0 => prepared_order(&one, &other),
        _ => prepared_order(&other, &one),
    }));
    let orders = orders.await;
    eventually("an empty outbox", async || {
        (waiting(&one.database).await == 0).then_some(())
    })
    .await;
    // What either still has under way, the other one's work done twice, has arrived when both have ended.
    join(one.stop(), other.stop()).await;
    for order in &orders {
        let told = ["EN_ATTENTE", "EN_PREPARATION", "PRETE"];
        assert_eq!(kitchen.attempts(order), told, "{}", path(order));
    }
    assert_eq!(kitchen.arrivals().len(), 3 * ORDERS);
    assert_eq!(kitchen.most_at_once(), 1);
}
