//! `kill -9`: an order that was answered 201 is there when the service comes back.

use std::cell::RefCell;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use service_kit::testing::Client;
use tempfile::TempDir;
use tokio::sync::{Notify, oneshot};

use crate::{database_url, new_order, path};

const CLIENTS: usize = 8;

/// Enough that several commits are under way when the kill comes.
const ANSWERED_BEFORE_THE_KILL: usize = 60;

/// The real binary. Dropped, it is killed.
struct Process {
    child: Child,
    addr: SocketAddr,
}

impl Process {
    async fn start(folder: &TempDir) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_order-service"))
            .env("ORDER_SERVICE_BIND", "127.0.0.1:0")
            .env("DATABASE_URL", database_url(folder))
            .env("RUST_LOG", "info")
            .env_remove("LOG_FORMAT")
            .env_remove("SEED_DEMO")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = BufReader::new(child.stderr.take().unwrap());
        let (found, addr) = oneshot::channel();
        std::thread::spawn(move || {
            let mut found = Some(found);
            // Read to the end, so that the process never blocks on a full pipe.
            for line in log.lines().map_while(Result::ok) {
                let Some((_, addr)) = line.split_once("order-service listens on ") else {
                    continue;
                };
                if let Some(found) = found.take() {
                    let _ = found.send(addr.trim().parse().unwrap());
                }
            }
        });
        let addr = tokio::time::timeout(Duration::from_secs(20), addr);
        let addr = addr.await.unwrap().unwrap();
        Self { child, addr }
    }

    /// SIGKILL on Unix.
    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What the clients were answered with 201.
#[derive(Default)]
struct Answered {
    orders: RefCell<Vec<Value>>,
    enough: Notify,
}

impl Answered {
    /// Orders again and again until the service is gone.
    async fn order_until_the_end(&self, addr: SocketAddr) {
        let http = awc::Client::default();
        let url = format!("http://{addr}/commandes");
        while let Ok(mut answer) = http.post(&url).send_json(&new_order()).await {
            if answer.status() != 201 {
                break;
            }
            // The head alone is the promise; without the body there is no id to look for.
            let Ok(body) = answer.body().await else { break };
            let mut orders = self.orders.borrow_mut();
            orders.push(serde_json::from_slice(&body).unwrap());
            if orders.len() == ANSWERED_BEFORE_THE_KILL {
                self.enough.notify_one();
            }
        }
    }
}

#[actix_web::test]
async fn every_order_that_was_answered_survives_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let mut process = Process::start(&folder).await;
    let addr = process.addr;
    let answered = Answered::default();
    let clients = (0..CLIENTS).map(|_| answered.order_until_the_end(addr));
    let all_ended = futures_util::future::join_all(clients);
    let kill = async {
        answered.enough.notified().await;
        process.kill();
    };
    futures_util::future::join(all_ended, kill).await;
    let answered = answered.orders.into_inner();
    assert!(answered.len() >= ANSWERED_BEFORE_THE_KILL);

    let again = Process::start(&folder).await;
    let client = Client::of(again.addr);
    for order in &answered {
        assert_eq!(client.get(&path(order)).await.ok(200), *order);
    }
}
