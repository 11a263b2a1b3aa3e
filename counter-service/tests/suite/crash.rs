//! Tests of `kill -9`: nothing that was answered 202 is lost, and nothing is made twice.

use std::net::SocketAddr;
use std::process::Command;

use serde_json::Value;
use service_kit::testing::{Answered, Client, Process, eventually, kill_amid};

use super::upstream::{Reply, Upstream};
use super::{KEY, order, path};
use crate::TestDatabase;

/// Enough that several commits are in flight when the process is killed.
const CONCURRENT: usize = 8;
const ANSWERED_BEFORE_THE_KILL: usize = 60;

/// The real program.
pub(crate) fn start(database: &TestDatabase, upstream: &Upstream) -> Process {
    Process::start(
        Command::new(env!("CARGO_BIN_EXE_counter-service"))
            .env_clear()
            .env("COUNTER_SERVICE_BIND", "127.0.0.1:0")
            .env("DATABASE_URL", database.url())
            .env("ORDERS_URL", upstream.url().to_string())
            .env("COUNTER_SECRET", KEY),
    )
}

/// Hands in one request after another until the service is gone.
async fn hand_in_at(number: usize, addr: SocketAddr, answered: Answered<Value>) {
    let http = awc::Client::default();
    let url = format!("http://{addr}/deferred/orders/commandes");
    for count in 0.. {
        let request = http.post(&url);
        let request = request.insert_header(("X-Forwarded-For", format!("203.0.113.{number}")));
        let sent = request.send_json(&order(number + CONCURRENT * count)).await;
        let Ok(mut answer) = sent else { break };
        assert_eq!(answer.status(), 202);
        let Ok(body) = answer.body().await else { break };
        let entry = serde_json::from_slice(&body).unwrap();
        answered.borrow_mut().push(entry);
    }
}

async fn ends(http: &Client, entry: &Value) -> Value {
    eventually("an entry's end", async || {
        let found = http.get(&path(entry)).await.ok(200);
        (found["status"] != "pending").then_some(found)
    })
    .await
}

/// Every entry that was answered is one order, and each client's are in their order.
async fn assert_delivered(http: &Client, upstream: &Upstream, answered: &[Value]) {
    for entry in answered {
        assert_eq!(ends(http, entry).await["status"], "accepted");
    }
    let made = upstream.made();
    for entry in answered {
        let count = made
            .iter()
            .filter(|order| order["id"] == entry["id"])
            .count();
        assert_eq!(count, 1, "{entry}");
    }
    for client in 0..CONCURRENT {
        let numbers = made
            .iter()
            .map(|order| order["number"].as_u64().unwrap() as usize);
        let numbers: Vec<_> = numbers
            .filter(|number| number % CONCURRENT == client)
            .collect();
        assert!(numbers.is_sorted(), "{numbers:?}");
    }
}

#[actix_web::test]
async fn a_kill_while_requests_are_taken_loses_none() {
    let (database, mut upstream) = (TestDatabase::fresh(), Upstream::stopped().await);
    let mut process = start(&database, &upstream);
    let answered = kill_amid(
        &mut process,
        CONCURRENT,
        ANSWERED_BEFORE_THE_KILL,
        hand_in_at,
    )
    .await;
    upstream.resume().await;
    let again = start(&database, &upstream);
    let http = Client::of(again.addr());
    assert_delivered(&http, &upstream, &answered).await;
}

#[actix_web::test]
async fn a_kill_while_requests_are_taken_and_delivered_loses_none_and_doubles_none() {
    let (database, upstream) = (TestDatabase::fresh(), Upstream::start().await);
    let mut answered = Vec::new();
    for _ in 0..3 {
        let mut process = start(&database, &upstream);
        let more = kill_amid(
            &mut process,
            CONCURRENT,
            ANSWERED_BEFORE_THE_KILL,
            hand_in_at,
        )
        .await;
        answered.extend(more);
    }
    let again = start(&database, &upstream);
    let http = Client::of(again.addr());
    for entry in &answered {
        assert_eq!(ends(&http, entry).await["status"], "accepted");
    }
    let made = upstream.made();
    for entry in &answered {
        let count = made
            .iter()
            .filter(|order| order["id"] == entry["id"])
            .count();
        assert_eq!(count, 1, "{entry}");
    }
}

#[actix_web::test]
async fn a_kill_after_the_upstream_made_the_order_and_before_its_answer_doubles_nothing() {
    let (database, upstream) = (TestDatabase::fresh(), Upstream::start().await);
    upstream.answer(|_| Reply::Lost);
    let mut process = start(&database, &upstream);
    let http = Client::of(process.addr());
    let entry = http
        .post("/deferred/orders/commandes", order(1))
        .await
        .ok(202);
    upstream.hears(1).await;
    process.kill();
    upstream.answer(|_| Reply::Made);
    let again = start(&database, &upstream);
    let http = Client::of(again.addr());
    assert_eq!(ends(&http, &entry).await["status"], "accepted");
    assert_eq!(upstream.made().len(), 1);
    assert!(upstream.arrivals().len() >= 2);
}

#[actix_web::test]
async fn a_kill_before_the_upstream_took_the_order_delivers_it_later() {
    let (database, upstream) = (TestDatabase::fresh(), Upstream::start().await);
    upstream.answer(|_| Reply::Held);
    let mut process = start(&database, &upstream);
    let http = Client::of(process.addr());
    let entry = http
        .post("/deferred/orders/commandes", order(1))
        .await
        .ok(202);
    upstream.hears(1).await;
    process.kill();
    let again = start(&database, &upstream);
    let http = Client::of(again.addr());
    // It is not known whether it was carried out.
    let refused = http.delete(&path(&entry)).await;
    let _ = refused.problem(409, "impossible_transition");
    upstream.answer(|_| Reply::Made);
    assert_eq!(ends(&http, &entry).await["status"], "accepted");
    assert_eq!(upstream.made().len(), 1);
}

#[actix_web::test]
async fn no_token_is_in_the_log() {
    let (database, upstream) = (TestDatabase::fresh(), Upstream::start().await);
    upstream.answer(|_| Reply::Status(500));
    let mut command = Command::new(env!("CARGO_BIN_EXE_counter-service"));
    let process = Process::start(
        command
            .env_clear()
            .env("COUNTER_SERVICE_BIND", "127.0.0.1:0")
            .env("DATABASE_URL", database.url())
            .env("ORDERS_URL", upstream.url().to_string())
            .env("COUNTER_SECRET", KEY)
            .env("RUST_LOG", "info,counter_service=trace,service_kit=trace"),
    );
    let http = Client::of(process.addr());
    let request = http.request(actix_web::http::Method::POST, "/deferred/orders/commandes");
    let request = request.bearer("a-very-secret-token");
    let entry = request.send_json(order(1)).await.ok(202);
    upstream.hears(2).await;
    upstream.answer(|_| Reply::Made);
    assert_eq!(ends(&http, &entry).await["status"], "accepted");
    let log = process.log().join("\n");
    assert!(log.contains("an entry is not delivered yet"), "{log}");
    assert!(
        !log.contains("a-very-secret-token") && !log.contains(KEY),
        "{log}"
    );
}
