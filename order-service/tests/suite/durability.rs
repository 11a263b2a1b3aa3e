//! Tests that an order that was answered 201 survives `kill -9`.

use std::net::SocketAddr;
use std::process::Command;

use serde_json::Value;
use service_kit::testing::{Answered, Client, Process, kill_amid};

use super::{new_order, path};
use crate::TestDatabase;

/// Enough that several commits are in flight when the process is killed.
const CONCURRENT: usize = 8;
const ANSWERED_BEFORE_THE_KILL: usize = 60;

/// The real program.
fn start(database: &TestDatabase) -> Process {
    Process::start(
        Command::new(env!("CARGO_BIN_EXE_order-service"))
            .env_clear()
            .env("ORDER_SERVICE_BIND", "127.0.0.1:0")
            .env("DATABASE_URL", database.url()),
    )
}

/// Places one order after another until the service is gone.
async fn order_on(_number: usize, addr: SocketAddr, answered: Answered<Value>) {
    let http = awc::Client::default();
    let url = format!("http://{addr}/commandes");
    while let Ok(mut answer) = http.post(&url).send_json(&new_order()).await {
        assert_eq!(answer.status(), 201);
        // The head alone is the promise, but without the body there is no id to look for.
        let Ok(body) = answer.body().await else { break };
        let order = serde_json::from_slice(&body).unwrap();
        answered.borrow_mut().push(order);
    }
}

#[actix_web::test]
async fn every_order_that_was_answered_survives_a_kill() {
    let database = TestDatabase::fresh();
    let mut process = start(&database);
    let answered = kill_amid(&mut process, CONCURRENT, ANSWERED_BEFORE_THE_KILL, order_on).await;

    let again = start(&database);
    let http = Client::of(again.addr());
    for order in &answered {
        assert_eq!(http.get(&path(order)).await.ok(200), *order);
    }
}
