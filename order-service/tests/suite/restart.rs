//! Tests of a restart.

use super::{Service, path};

#[actix_web::test]
async fn orders_survive_a_restart() {
    let first = Service::start(true).await;
    let order = first.order().await;
    let second = Service::start_on(first.stop().await, true).await;
    assert_eq!(second.get(&path(&order)).await.ok(200), order);
}
