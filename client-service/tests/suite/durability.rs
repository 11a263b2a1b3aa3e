//! Tests that an account that was answered 201 survives `kill -9`.

use std::net::SocketAddr;
use std::process::Command;

use serde_json::json;
use service_kit::testing::{Answered, Client, Process, kill_amid};

use super::{PASSWORD, new_client};
use crate::TestDatabase;

/// Enough that several commits are in flight when the process is killed.
const CONCURRENT: usize = 16;
const ANSWERED_BEFORE_THE_KILL: usize = 40;

/// The real program.
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

/// Registers one account after another until the service is gone, and remembers the addresses of
/// those answered 201.
async fn register_on(name: usize, addr: SocketAddr, answered: Answered<String>) {
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
    let killed = kill_amid(
        &mut process,
        CONCURRENT,
        ANSWERED_BEFORE_THE_KILL,
        register_on,
    );
    let answered = killed.await;

    let again = start(&database);
    let http = Client::of(again.addr());
    let kept = http.get("/clients").await.ok(200).to_string();
    for email in &answered {
        assert!(kept.contains(&format!("\"{email}\"")), "{email} is lost");
    }
    let login = json!({"email": answered[0], "password": PASSWORD});
    let _ = http.post("/auth/login", login).await.ok(200);
}
