//! Tests of simultaneous marks of one order: a refused mark is not reported.

use std::collections::BTreeSet;

use order_feed::testing::{FakeOrderService, new_order};
use serde_json::json;
use service_kit::testing::{Answer, Client};
use shared_types::order::{Order, OrderStatus};

use crate::linked;
use crate::linked::{everything_is_settled, told};

const ORDERS: usize = 60;

/// Two that exclude each other, one that comes before both, and a repetition of each.
const MARKS: [&str; 6] = [
    "PRETE",
    "ANNULEE",
    "EN_PREPARATION",
    "ANNULEE",
    "PRETE",
    "EN_PREPARATION",
];

async fn all_at_once(kitchen: &Client, order: &Order) -> Vec<Answer> {
    let marks = MARKS.map(|status| {
        let kitchen = kitchen.clone();
        let mark = json!({"order_id": order.id, "status": status});
        actix_web::rt::spawn(async move { kitchen.post("/update", mark).await })
    });
    let mut answers = Vec::new();
    for mark in marks {
        answers.push(mark.await.unwrap());
    }
    answers
}

#[actix_web::test]
async fn many_simultaneous_marks_are_reported_once_each_if_they_were_made() {
    let folder = tempfile::tempdir().unwrap();
    let known: Vec<_> = (0..ORDERS)
        .map(|_| new_order(OrderStatus::Pending))
        .collect();
    let orders = FakeOrderService::serving(known.clone());
    let kitchen = told(linked(&orders, folder.path()).await, &known).await;
    let mut answers = Vec::new();
    for order in &known {
        answers.push(all_at_once(&kitchen, order).await);
    }
    everything_is_settled(&kitchen).await;

    let mut refused = 0;
    for (order, answers) in known.iter().zip(&answers) {
        let mut made = BTreeSet::new();
        for answer in answers {
            if answer.status == 200 {
                made.insert(answer.json()["status"].as_str().unwrap().to_owned());
            } else {
                let _ = answer.problem(409, "impossible_transition");
                refused += 1;
            }
        }
        let heard = orders.changes_to(order);
        let told: BTreeSet<_> = heard.iter().map(|it| it.as_str().to_owned()).collect();
        assert_eq!(told, made, "{heard:?}");
        assert_eq!(told.len(), heard.len(), "{heard:?}");
    }
    // At least one of the marks that exclude each other, for each order.
    assert!(refused >= ORDERS, "{refused}");
}

#[actix_web::test]
async fn a_mark_that_was_made_is_not_reported_again_when_it_is_repeated() {
    let folder = tempfile::tempdir().unwrap();
    let known = new_order(OrderStatus::Pending);
    let orders = FakeOrderService::serving([known.clone()]);
    let kitchen = told(linked(&orders, folder.path()).await, [&known]).await;
    for _ in 0..3 {
        crate::linked::ready(&kitchen, &known).await;
        orders.until(&known, OrderStatus::Ready).await;
    }
    everything_is_settled(&kitchen).await;
    assert_eq!(orders.changes_to(&known), [OrderStatus::Ready]);
}
