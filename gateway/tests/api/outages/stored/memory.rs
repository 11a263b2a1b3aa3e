//! The memory that the whole cache takes in the real process.

use std::fs;

use futures_util::future::join_all;
use service_kit::testing::{Client, Process};

use super::super::SITE;
use super::{FRESH, row};
use crate::process::gateway;
use crate::scripted::json;

const MIB: u64 = 1024 * 1024;

/// The value of `limits.cache`.
const CACHE: u64 = 8 * MIB;

/// For everything else that a process may hold after some thousand more requests.
const SLACK: u64 = 2 * MIB;

/// Many at once, so that the test is short.
const AT_ONCE: usize = 50;

/// Asks this many questions, each different and as long as allowed.
async fn ask(public: &Client, path: &str, questions: usize) {
    let long = "x".repeat(900);
    for first in (0..questions).step_by(AT_ONCE) {
        let all = (first..first + AT_ONCE)
            .map(|number| format!("{path}?{number}{long}"))
            .collect::<Vec<_>>();
        for answer in join_all(all.iter().map(|target| public.get(target))).await {
            let _ = answer.ok(200);
        }
    }
}

/// Prints what it has measured: `cargo test -p gateway --test api -- more_memory_than_it_may --nocapture`.
#[actix_web::test]
async fn a_flood_of_questions_makes_the_cache_take_no_more_memory_than_it_may() {
    let body = format!("[\"{}\"]", "y".repeat(1000));
    let (backend, _seen) = json("200 OK", &body).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("flood.toml");
    let config = row(FRESH).replace("rate = \"off\"", "rate = \"off\"\ncache = \"8MiB\"");
    assert_ne!(config, SITE);
    fs::write(&file, config).unwrap();
    let mut command = gateway();
    command.arg("--config").arg(&file);
    command.env("BACKEND_URL", format!("http://{backend}"));
    command
        .env("GATEWAY_WORKERS", "2")
        .env("RUST_LOG", "info,access=off");
    let process = Process::start(&mut command);
    let public = Client::of(process.addr());
    // First questions whose answers are not stored.
    ask(&public, "/things", 1000).await;
    let before = process.size("VmRSS");
    // Twice as many as fit.
    ask(&public, "/menu", 5_000).await;
    let after = process.size("VmRSS");
    let grown = after.saturating_sub(before);
    println!(
        "cache {CACHE}: VmRSS {before} before, {after} after, {grown} more; an answer {} and a question 900 bytes",
        body.len()
    );
    assert!(grown <= CACHE + SLACK, "{grown}");
    assert!(grown >= CACHE / 2, "{grown}");
}
