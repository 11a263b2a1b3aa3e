//! Tests of how the program ends.

use std::path::Path;
use std::process::Command;

use service_kit::testing::{Client, Process, addr_after};

/// Starts a small stack. `before` is a shell command that runs first.
fn start(data: &Path, before: &str) -> Process {
    let mut command = Command::new("sh");
    command
        .args(["-c", &format!("{before} exec \"$0\" \"$@\"")])
        .arg(env!("CARGO_BIN_EXE_stack"))
        .args(["--services", "kitchen", "--data"])
        .arg(data)
        .env("GATEWAY_WORKERS", "1");
    for bind in ["GATEWAY_BIND", "GATEWAY_ADMIN_BIND", "KITCHEN_MOCK_BIND"] {
        command.env(bind, "127.0.0.1:0");
    }
    Process::start(&mut command)
}

fn gateway(stack: &Process) -> Client {
    let ready = "gateway is ready on ";
    Client::of(addr_after(&stack.line_with(ready), ready))
}

#[actix_web::test]
async fn a_hangup_closes_the_restaurant_in_order() {
    let data = tempfile::tempdir().unwrap();
    let mut stack = start(data.path(), "");
    let _ = gateway(&stack).get("/live").await.ok(200);
    stack.hang_up();
    assert!(stack.wait().success());
    let _ = stack.line_with("the restaurant is closed");
}

#[actix_web::test]
async fn a_hangup_that_nohup_has_ignored_stays_ignored() {
    let data = tempfile::tempdir().unwrap();
    let mut stack = start(data.path(), "trap '' HUP;");
    let gateway = gateway(&stack);
    stack.signal("HUP");
    // A stopping stack is not ready, and soon closes its port.
    for _ in 0..50 {
        let _ = gateway.get("/ready").await.ok(200);
    }
    stack.terminate();
    assert!(stack.wait().success());
}
