//! An account that was answered 201 outlives the process, however that ends.

use std::cell::RefCell;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::rc::Rc;
use std::sync::mpsc;

use serde_json::json;
use service_kit::testing::{Client, eventually};

use crate::{PASSWORD, new_client};

/// Enough that the kill comes between the commits of others.
const CONCURRENT: usize = 16;

/// The service as a process of its own. It is killed, never asked to stop.
struct Process {
    child: Child,
    addr: SocketAddr,
}

impl Process {
    fn start(folder: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_client-service"))
            .env_clear()
            .env("CLIENT_SERVICE_BIND", "127.0.0.1:0")
            .env("SEED_DEMO", "false")
            .current_dir(folder)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let (sender, addr) = mpsc::channel();
        // It reads on after the address, or the service would block on a full pipe.
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                if let Some((_, addr)) = line.split_once("client-service listens on ") {
                    let _ = sender.send(addr.trim().parse().unwrap());
                }
            }
        });
        let addr = addr.recv().unwrap();
        Self { child, addr }
    }

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

/// Registers one account after another until the service is gone.
async fn register_on(addr: SocketAddr, name: usize, answered: Rc<RefCell<Vec<String>>>) {
    let http = awc::Client::new();
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
async fn every_account_that_was_answered_survives_kill_9() {
    let folder = tempfile::tempdir().unwrap();
    let mut process = Process::start(folder.path());
    let answered = Rc::new(RefCell::new(Vec::new()));
    let clients: Vec<_> = (0..CONCURRENT)
        .map(|name| actix_web::rt::spawn(register_on(process.addr, name, answered.clone())))
        .collect();
    eventually("forty accounts", async || {
        (answered.borrow().len() >= 40).then_some(())
    })
    .await;
    process.kill();
    for client in clients {
        client.await.unwrap();
    }

    let process = Process::start(folder.path());
    let http = Client::of(process.addr);
    let kept = http.get("/clients").await.ok(200).to_string();
    for email in answered.borrow().iter() {
        assert!(kept.contains(&format!("\"{email}\"")), "{email} is lost");
    }
    let login = json!({"email": answered.borrow()[0], "password": PASSWORD});
    let _ = http.post("/auth/login", login).await.ok(200);
}
