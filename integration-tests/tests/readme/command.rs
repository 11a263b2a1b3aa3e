//! Translates a command of the README for this test, where processes replace containers.

use std::process::Command;

use crate::processes::{Processes, SERVICES};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// It needs another machine or another day, or repeats a step of the test.
    Elsewhere,
    Stop(&'static str),
    Start(&'static str),
    /// `gateway drill --all`.
    Drill,
    /// A command line with curl.
    Ask(String),
}

/// The first words of the lines that are not run, and why.
const ELSEWHERE: [(&str, &str); 9] = [
    ("docker compose up", "the processes are started already"),
    ("cargo run --release", "the same restaurant, in one process"),
    ("cargo test", "this is a part of it"),
    (
        "docker compose --profile observability up",
        "images of others",
    ),
    ("ORDERS_URL=", "a service of the reader's own"),
    ("CLIENTS_URL=", "a service of the reader's own"),
    ("GATEWAY_TLS_CERT=", "a certificate of the reader's own"),
    ("DATABASE_URL=", "a database of the reader's own"),
    (
        "docker compose logs",
        "the processes' logs are read by other tests",
    ),
];

/// The commands of a block, in order.
pub(crate) fn steps(commands: &str) -> Vec<Step> {
    let whole = commands.replace("\\\n", " ");
    let lines = whole.lines().map(str::trim);
    lines.filter(|line| !line.is_empty()).map(step).collect()
}

fn step(line: &str) -> Step {
    if let Some(service) = line.strip_prefix("docker compose stop ") {
        return Step::Stop(named(service));
    }
    if let Some(service) = line.strip_prefix("docker compose start ") {
        return Step::Start(named(service));
    }
    if line == "docker compose exec gateway gateway drill --all" {
        return Step::Drill;
    }
    if line.starts_with("curl ") {
        return Step::Ask(line.to_owned());
    }
    let is_elsewhere = ELSEWHERE
        .iter()
        .any(|(begins, _why)| line.starts_with(begins));
    assert!(
        is_elsewhere,
        "the README has a command that is not tested: {line}"
    );
    Step::Elsewhere
}

fn named(service: &str) -> &'static str {
    let mut names = SERVICES.iter().map(|(name, ..)| *name);
    names.find(|name| *name == service).unwrap()
}

/// The same command with the addresses of the processes.
pub(crate) fn to_here(line: &str, restaurant: &Processes) -> String {
    let public = format!("http://{}", restaurant.gateway());
    let operator = format!("http://{}", restaurant.operator());
    line.replace("http://localhost:8000", &public)
        .replace("http://localhost:9000", &operator)
}

/// Runs the command line and returns its output.
pub(crate) fn run(line: &str) -> String {
    let output = Command::new("sh").args(["-c", line]).output().unwrap();
    assert!(output.status.success(), "{line}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}
