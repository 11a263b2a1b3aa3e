//! Tests of simultaneous changes of one delivery: a refused change is not reported.

use actix_web::http::Method;
use order_feed::testing::{FakeOrderService, new_order};
use serde_json::{Value, json};
use service_kit::testing::{Answer, Client};
use shared_types::event::OrderEvent;
use shared_types::order::Order;
use shared_types::order::OrderStatus::{Cancelled, Delivered, Delivering, Ready};

use crate::linked::{draft, everything_is_told, step};
use crate::{courier, linked};

const ORDERS: usize = 30;

type Asked = (Method, String, Value);

async fn all_at_once<const N: usize>(client: &Client, requests: [Asked; N]) -> [Answer; N] {
    let requests = requests.map(|(method, path, body)| {
        let request = client.request(method, &path);
        actix_web::rt::spawn(async move { request.send_json(body).await })
    });
    let mut answers = Vec::new();
    for request in requests {
        answers.push(request.await.unwrap());
    }
    answers.try_into().unwrap()
}

fn mark(order: &Order, status: &str) -> Asked {
    let body = json!({"order_id": order.id, "status": status});
    (Method::POST, "/update".to_owned(), body)
}

#[actix_web::test]
async fn a_hand_over_refused_by_a_simultaneous_cancellation_is_not_reported() {
    let folder = tempfile::tempdir().unwrap();
    let known: Vec<_> = (0..ORDERS).map(|_| new_order(Ready)).collect();
    let orders = FakeOrderService::serving(known.clone());
    let client = linked(&orders, folder.path()).await;
    let (mut made, mut refused) = (Vec::new(), Vec::new());
    for (number, order) in known.iter().enumerate() {
        let _ = draft(&client, order).await;
        let status = Cancelled;
        let cancelled = OrderEvent::about(Order {
            status,
            ..order.clone()
        });
        let cancelled = serde_json::to_value(&cancelled).unwrap();
        let cancel = (Method::POST, "/events".to_owned(), cancelled);
        // Each of the two comes first in half of the cases.
        let answers = match number % 2 {
            0 => {
                let [given, _] = all_at_once(&client, [mark(order, "LIVREE"), cancel]).await;
                given
            }
            _ => {
                let [_, given] = all_at_once(&client, [cancel, mark(order, "LIVREE")]).await;
                given
            }
        };
        if answers.status == 200 {
            made.push(order);
        } else {
            let _ = answers.problem(409, "impossible_transition");
            refused.push(order);
        }
    }
    everything_is_told(&client, &orders).await;
    for order in &made {
        assert_eq!(orders.changes_to(order), [Delivered]);
    }
    for order in &refused {
        assert_eq!(orders.changes_to(order), []);
    }
    assert!(!made.is_empty() && !refused.is_empty(), "{}", made.len());
}

#[actix_web::test]
async fn the_refused_one_of_two_simultaneous_pick_ups_is_not_reported() {
    let folder = tempfile::tempdir().unwrap();
    let known: Vec<_> = (0..ORDERS).map(|_| new_order(Ready)).collect();
    let orders = FakeOrderService::serving(known.clone());
    let client = linked(&orders, folder.path()).await;
    let couriers = [courier(&client, "lea").await, courier(&client, "max").await];
    for order in &known {
        let path = draft(&client, order).await;
        // Filling in the draft unassigns it.
        let open = json!({"commandeId": order.id});
        let _ = client.post("/livraisons", open).await.ok(201);
        step(&client, &path, "EN_ROUTE_RESTAURANT").await;
        let take = |courier: &Value| {
            let change = json!({"livreurId": courier, "statut": "RECUPEREE"});
            (Method::PATCH, path.clone(), change)
        };
        let answers = all_at_once(&client, [take(&couriers[0]), take(&couriers[1])]).await;
        let [taken, refused] = match answers[0].status.as_u16() {
            200 => [0, 1],
            _ => [1, 0],
        };
        let carried = answers[taken].ok(200);
        assert_eq!(carried["livreurId"], couriers[taken]);
        let _ = answers[refused].problem(409, "delivery_taken");
        assert_eq!(client.get(&path).await.ok(200), carried);
    }
    everything_is_told(&client, &orders).await;
    for order in &known {
        assert_eq!(orders.changes_to(order), [Delivering]);
    }
}
