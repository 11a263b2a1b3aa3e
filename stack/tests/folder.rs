//! Tests that one stack at a time uses a data folder.

use std::path::Path;

use service_kit::env::Env;
use stack::{Options, Service, Stack};

fn options(data: &Path, is_fresh: bool) -> Options {
    Options {
        is_fresh,
        services: vec![Service::Orders],
        ..Options::on_free_ports(data, Env::of_pairs([("GATEWAY_WORKERS", "1")]))
    }
}

#[actix_web::test]
async fn a_fresh_start_takes_nothing_from_a_stack_that_runs() {
    let data = tempfile::tempdir().unwrap();
    let running = Stack::start(options(data.path(), false)).await.unwrap();
    let refused = Stack::start(options(data.path(), true))
        .await
        .err()
        .unwrap();
    assert!(
        refused.to_string().contains("another stack uses it"),
        "{refused}"
    );
    assert!(data.path().join("orders.db").exists());
    running.stop().await;
    let fresh = Stack::start(options(data.path(), true)).await.unwrap();
    fresh.stop().await;
}
