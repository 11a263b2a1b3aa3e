//! Tests of rows that another session has locked: their writers are told to come back, and no other
//! request is affected.

use futures_util::future::{join, join_all};
use serde_json::Value;
use service_kit::testing::Answer;
use sqlx::{Any, AnyConnection, Connection as _, Transaction};

use crate::suite::{Service, new_order, path};

/// More than the service's connections.
const MANY: usize = 30;

/// More than its connections for writes.
const ROWS: usize = 12;

async fn somebody_else(service: &Service) -> AnyConnection {
    AnyConnection::connect(&service.database.url())
        .await
        .unwrap()
}

async fn lock<'c>(other: &'c mut AnyConnection, orders: &[Value]) -> Transaction<'c, Any> {
    let mut lock = other.begin().await.unwrap();
    for order in orders {
        sqlx::query("SELECT 1 FROM orders WHERE id = $1 FOR UPDATE")
            .bind(order["id"].as_str().unwrap())
            .execute(&mut *lock)
            .await
            .unwrap();
    }
    lock
}

async fn orders(service: &Service, count: usize) -> Vec<Value> {
    join_all((0..count).map(|_| service.order())).await
}

#[track_caller]
fn assert_refused(answer: &Answer) {
    let _ = answer.problem(503, "service_unavailable");
    assert_eq!(answer.header("retry-after"), Some("1"));
}

#[actix_web::test]
async fn a_locked_order_that_many_want_to_move_leaves_connections_for_all_others() {
    let service = Service::start(true).await;
    let held = service.order().await;
    let free = orders(&service, MANY).await;
    let mut other = somebody_else(&service).await;
    let lock = lock(&mut other, std::slice::from_ref(&held)).await;
    let refused = join_all((0..MANY).map(|_| service.change(&held, "PRETE")));
    let moved = join_all(free.iter().map(|order| service.change(order, "PRETE")));
    let made = join_all((0..MANY).map(|_| service.post("/commandes", new_order())));
    let (refused, (moved, made)) = join(refused, join(moved, made)).await;
    refused.iter().for_each(assert_refused);
    for answer in &moved {
        let _ = answer.ok(200);
    }
    for answer in &made {
        let _ = answer.ok(201);
    }
    lock.rollback().await.unwrap();
    let _ = service.change(&held, "PRETE").await.ok(200);
}

#[actix_web::test]
async fn reads_go_on_while_every_writer_waits_for_a_locked_row() {
    let service = Service::start(true).await;
    let held = orders(&service, ROWS).await;
    let mut other = somebody_else(&service).await;
    let lock = lock(&mut other, &held).await;
    let refused = join_all(held.iter().map(|order| service.change(order, "PRETE")));
    let read = join_all(held.iter().map(async |order| {
        let ready = service.get("/ready").await;
        let menu = service.get("/menu").await;
        (ready, menu, service.get(&path(order)).await)
    }));
    let (refused, read) = join(refused, read).await;
    refused.iter().for_each(assert_refused);
    for ((ready, menu, answer), order) in read.iter().zip(&held) {
        let _ = ready.ok(200);
        let _ = menu.ok(200);
        assert_eq!(answer.ok(200), *order);
    }
    lock.rollback().await.unwrap();
}

#[actix_web::test]
async fn a_locked_key_leaves_connections_for_all_others() {
    let service = Service::start(true).await;
    let keyed = || {
        let request = service.request(actix_web::http::Method::POST, "/commandes");
        request
            .header("Idempotency-Key", "one")
            .send_json(new_order())
    };
    let first = keyed().await.ok(201);
    let mut other = somebody_else(&service).await;
    let mut lock = other.begin().await.unwrap();
    sqlx::query("SELECT 1 FROM idempotency_keys FOR UPDATE")
        .execute(&mut *lock)
        .await
        .unwrap();
    let repeated = join_all((0..MANY).map(|_| keyed()));
    let made = join_all((0..MANY).map(|_| service.post("/commandes", new_order())));
    let (repeated, made) = join(repeated, made).await;
    repeated.iter().for_each(assert_refused);
    for answer in &made {
        let _ = answer.ok(201);
    }
    lock.rollback().await.unwrap();
    assert_eq!(keyed().await.ok(201), first);
}
