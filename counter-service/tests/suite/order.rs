//! Tests of the order: each client's requests arrive as they were taken.

use serde_json::Value;
use service_kit::testing::eventually;

use super::upstream::{Reply, Upstream};
use super::{Service, order};

const CLIENTS: usize = 5;

fn address(client: usize) -> String {
    format!("203.0.113.{client}")
}

/// The numbers of the orders of a client, in the order of their making.
fn of(upstream: &Upstream, client: usize) -> Vec<Value> {
    let made = upstream.made().into_iter();
    let mut numbers: Vec<_> = made.map(|order| order["number"].clone()).collect();
    numbers.retain(|number| number.as_u64().unwrap() as usize % CLIENTS == client);
    numbers
}

#[actix_web::test]
async fn the_orders_of_each_client_are_made_in_their_order() {
    let mut upstream = Upstream::stopped().await;
    let service = Service::start(&upstream).await;
    // More than a lane takes at once.
    let count = CLIENTS * 20;
    for number in 0..count {
        let address = address(number % CLIENTS);
        let _ = service.hand_in(&address, &order(number)).await.ok(202);
    }
    // Some are to be repeated, and the others of their client wait for them.
    let refused = std::sync::Mutex::new(std::collections::HashSet::new());
    upstream.answer(move |arrival| {
        let number = arrival.body["number"].as_u64().unwrap();
        match number % 7 == 0 && refused.lock().unwrap().insert(number) {
            true => Reply::Status(if number % 2 == 0 { 429 } else { 500 }),
            false => Reply::Made,
        }
    });
    upstream.resume().await;
    eventually("every order", async || {
        (upstream.made().len() == count).then_some(())
    })
    .await;
    for client in 0..CLIENTS {
        let expected: Vec<Value> = (client..count).step_by(CLIENTS).map(Value::from).collect();
        assert_eq!(of(&upstream, client), expected);
    }
    assert_eq!(upstream.most_at_once_per_client(), 1);
}

#[actix_web::test]
async fn a_client_whose_order_is_not_answered_holds_up_nobody_else() {
    let upstream = Upstream::start().await;
    let is_stuck = |number: &Value| *number == 0;
    upstream.answer(move |arrival| match is_stuck(&arrival.body["number"]) {
        true => Reply::Status(500),
        false => Reply::Made,
    });
    let service = Service::start(&upstream).await;
    let stuck = service.hand_in(&address(0), &order(0)).await.ok(202);
    let behind = service.hand_in(&address(0), &order(5)).await.ok(202);
    for number in 1..4 {
        let entry = service.hand_in(&address(number), &order(number)).await;
        let _ = service.becomes(&entry.ok(202), "accepted").await;
    }
    assert_eq!(service.find(&behind).await["status"], "pending");
    upstream.answer(|_| Reply::Made);
    let _ = service.becomes(&stuck, "accepted").await;
    let _ = service.becomes(&behind, "accepted").await;
    assert_eq!(of(&upstream, 0), [0, 5]);
}
