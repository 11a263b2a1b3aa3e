//! `kill -9`: an account that was answered 201 is there when the service comes back.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::process::Command;
use std::rc::Rc;

use serde_json::json;
use service_kit::testing::{Client, Process, eventually};

use super::{PASSWORD, new_client};
use crate::TestDatabase;

/// Enough that several commits are under way when the kill comes.
const CONCURRENT: usize = 16;
const ANSWERED_BEFORE_THE_KILL: usize = 40;

/// The e-mail addresses that were answered with 201.
type Answered = Rc<RefCell<Vec<String>>>;

/// The real binary.
fn start(database: &TestDatabase) -> Process {
    Process::start(
        Command::new(env!("CARGO_BIN_EXE_client-service"))
            .env_clear()
            .env("CLIENT_SERVICE_BIND", "127.0.0.1:0")
            .env("DATABASE_URL", database.url())
            .env("JWT_SECRET", "correct-horse-battery-staple-and-more")
            .env("SEED_DEMO", "false"),
    )
}

/// Registers one account after another until the service is gone.
async fn register_on(addr: SocketAddr, name: usize, answered: Answered) {
    let http = awc::Client::default();
    for number in 0.. {
        let email = format!("client{name}.{number}@example.com");
        let request = http.post(format!("http://{addr}/clients"));
        match request.send_json(&new_client(&email)).await {
            Ok(answer) if answer.status() == 201 => answered.borrow_mut().push(email),
            Ok(_) => {}
            Err(_gone) => return,
        }
    }
}

#[actix_web::test]
async fn every_account_that_was_answered_survives_a_kill() {
    let database = TestDatabase::fresh();
    let mut process = start(&database);
    let addr = process.addr();
    let answered = Answered::default();
    let clients: Vec<_> = (0..CONCURRENT)
        .map(|name| actix_web::rt::spawn(register_on(addr, name, answered.clone())))
        .collect();
    eventually("enough accounts", async || {
        (answered.borrow().len() >= ANSWERED_BEFORE_THE_KILL).then_some(())
    })
    .await;
    process.kill();
    for client in clients {
        client.await.unwrap();
    }

    let again = start(&database);
    let http = Client::of(again.addr());
    let kept = http.get("/clients").await.ok(200).to_string();
    for email in answered.borrow().iter() {
        assert!(kept.contains(&format!("\"{email}\"")), "{email} is lost");
    }
    let login = json!({"email": answered.borrow()[0], "password": PASSWORD});
    let _ = http.post("/auth/login", login).await.ok(200);
}
