//! Tests of the file of reports: used by another process, or not writable.

use std::process::Command;

use order_feed::testing::{FakeOrderService, new_order};
use serde_json::json;
use service_kit::testing::{Client, Process, eventually};
use shared_types::order::OrderStatus;

use crate::process;

#[actix_web::test]
async fn a_second_kitchen_on_the_same_file_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let orders = FakeOrderService::serving([]);
    let first = process(&orders, folder.path());
    let _ = first.addr();
    let mut second = process(&orders, folder.path());
    assert_eq!(second.wait().code(), Some(1));
    let _ = second.line_with("data/kitchen.db is in use by another process");
    let _ = Client::of(first.addr()).get("/ready").await.ok(200);
}

/// A limit on the size of files stands for a full disk. The trap makes a write fail instead of
/// ending the process by SIGXFSZ.
#[cfg(target_os = "linux")]
#[actix_web::test]
async fn a_kitchen_that_cannot_keep_marks_is_not_ready_until_it_can() {
    let folder = tempfile::tempdir().unwrap();
    let orders = FakeOrderService::serving([]);
    let kitchen = Process::start(
        Command::new("sh")
            .args(["-c", "trap '' XFSZ; exec \"$0\""])
            .arg(env!("CARGO_BIN_EXE_kitchen-mock"))
            .env("KITCHEN_MOCK_BIND", "127.0.0.1:0")
            .env("ORDERS_URL", orders.url())
            .current_dir(folder.path()),
    );
    let http = Client::of(kitchen.addr());
    let _ = http.get("/ready").await.ok(200);
    for (limit, status) in [("4096", 503), ("unlimited", 200)] {
        kitchen.set_file_size_limit(limit);
        eventually("another word of its readiness", async || {
            (http.get("/ready").await.status == status).then_some(())
        })
        .await;
    }
}

#[actix_web::test]
async fn a_copy_holds_the_reports_that_the_order_service_has_not_taken() {
    let folders = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let [folder, elsewhere] = &folders;
    let cooked = new_order(OrderStatus::Pending);
    let mut orders = FakeOrderService::serving([cooked.clone()]);
    let mut kitchen = process(&orders, folder.path());
    let _ = kitchen.line_with("caught up: 1 ");
    orders.stop().await;
    let mark = json!({"order_id": cooked.id});
    let marked = Client::of(kitchen.addr()).post("/update", mark).await;
    let _ = marked.ok(200);
    std::fs::create_dir(elsewhere.path().join("data")).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_kitchen-mock"))
        .env_clear()
        .arg("backup")
        .arg(elsewhere.path().join("data/kitchen.db"))
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    kitchen.kill();

    let _restored = process(&orders, elsewhere.path());
    orders.start();
    orders.until(&cooked, OrderStatus::Ready).await;
}
