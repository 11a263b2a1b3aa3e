//! Tests of replicas that share a database and act as one service.

use futures_util::future::join_all;
use service_kit::testing::eventually;

use crate::suite::upstream::Upstream;
use crate::suite::{Service, order};

const CLIENTS: usize = 6;

#[actix_web::test]
async fn three_replicas_deliver_each_entry_once_and_each_client_in_order() {
    let mut upstream = Upstream::stopped().await;
    let one = Service::start(&upstream).await;
    let two = Service::start_on(one.database.clone(), &upstream).await;
    let three = Service::start_on(one.database.clone(), &upstream).await;
    let replicas = [&one, &two, &three];
    let count = CLIENTS * 20;
    for number in 0..count {
        let address = format!("203.0.113.{}", number % CLIENTS);
        let replica = replicas[number % replicas.len()];
        let _ = replica.hand_in(&address, &order(number)).await.ok(202);
    }
    upstream.resume().await;
    eventually("every order", async || {
        (upstream.made().len() == count).then_some(())
    })
    .await;
    eventually("an empty queue", async || {
        (one.waiting().await == 0).then_some(())
    })
    .await;
    assert_eq!(upstream.arrivals().len(), count);
    assert_eq!(upstream.most_at_once_per_client(), 1);
    let made = upstream.made();
    for client in 0..CLIENTS {
        let numbers = made
            .iter()
            .map(|order| order["number"].as_u64().unwrap() as usize);
        let numbers: Vec<_> = numbers
            .filter(|number| number % CLIENTS == client)
            .collect();
        assert!(numbers.is_sorted(), "{numbers:?}");
    }
}

#[actix_web::test]
async fn the_same_key_at_several_replicas_is_one_entry() {
    let upstream = Upstream::stopped().await;
    let one = Service::start(&upstream).await;
    let two = Service::start_on(one.database.clone(), &upstream).await;
    let order = order(1);
    for key in ["a", "b", "c"] {
        let sent = (0..10).flat_map(|_| [&one, &two]);
        let sent = sent.map(|replica| replica.send("203.0.113.7", Some(key), &order));
        let answers = join_all(sent).await;
        for answer in &answers {
            assert_eq!(answer.ok(202)["id"], answers[0].ok(202)["id"]);
        }
    }
    assert_eq!(one.waiting().await, 3);
}
