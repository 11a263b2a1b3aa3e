//! Tests that no courier waits for the order service, which receives every report once it is
//! available again.

use std::time::Duration;

use order_feed::testing::{Behaviour, FakeOrderService, new_order, waiting_reports};
use shared_types::order::OrderStatus::{Delivered, Delivering, Ready};

use crate::linked;
use crate::linked::{draft, hand_over, step};

/// Longer than it ever takes, and shorter than one timed-out request for each of these marks.
const AT_ONCE: Duration = Duration::from_secs(15);
const MARKS: usize = 10;

#[actix_web::test]
async fn couriers_are_answered_before_the_order_service_starts_and_it_gets_all_reports_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let mut orders = FakeOrderService::stopped();
    let known = [(); MARKS].map(|()| new_order(Ready));
    let client = linked(&orders, folder.path()).await;
    for order in &known {
        let draft = draft(&client, order).await;
        for status in ["EN_ROUTE_RESTAURANT", "RECUPEREE", "EN_ROUTE_CLIENT"] {
            step(&client, &draft, status).await;
        }
        hand_over(&client, order).await;
    }
    assert_eq!(waiting_reports(&client).await, 2 * MARKS);
    let _ = client.get("/ready").await.ok(200);

    known.iter().cloned().for_each(|order| orders.put(order));
    orders.start();
    for order in &known {
        orders.until(order, Delivered).await;
        assert_eq!(orders.changes_to(order), [Delivering, Delivered]);
    }
}

#[actix_web::test]
async fn couriers_are_answered_at_once_while_the_order_service_hangs() {
    let folder = tempfile::tempdir().unwrap();
    let known = [(); MARKS].map(|()| new_order(Ready));
    let orders = FakeOrderService::serving(known.clone());
    orders.behave(Behaviour::Hang);
    let client = linked(&orders, folder.path()).await;
    let marks = async {
        for order in &known {
            let _ = draft(&client, order).await;
            hand_over(&client, order).await;
        }
    };
    actix_web::rt::time::timeout(AT_ONCE, marks).await.unwrap();
    assert_eq!(waiting_reports(&client).await, MARKS);
    orders.behave(Behaviour::Answer);
    for order in &known {
        orders.until(order, Delivered).await;
    }
}
