//! Translates a command of the guide for this test, where processes replace containers.

use crate::library::SERVICES;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// It is done before the page begins or after it ends.
    Elsewhere,
    Stop(Vec<&'static str>),
    Start(Vec<&'static str>),
    /// `gateway drill --all`.
    Drill,
    /// A change of the gateway's file.
    Edit(String),
    /// A command line with curl.
    Ask(String),
}

/// The lines that are not run.
const ELSEWHERE: [&str; 3] = [
    "cd examples/three-services",
    "docker compose up -d",
    "docker compose down",
];

/// The commands of a block, in order.
pub(crate) fn steps(commands: &str) -> Vec<Step> {
    let whole = commands.replace("\\\n", " ");
    let lines = whole.lines().map(str::trim);
    lines.filter(|line| !line.is_empty()).map(step).collect()
}

fn step(line: &str) -> Step {
    if let Some(services) = line.strip_prefix("docker compose stop ") {
        Step::Stop(named(services))
    } else if let Some(services) = line.strip_prefix("docker compose start ") {
        Step::Start(named(services))
    } else if line == "docker compose exec gateway gateway drill --all" {
        Step::Drill
    } else if line.starts_with("sed ") {
        Step::Edit(line.to_owned())
    } else if line.starts_with("curl ") {
        Step::Ask(line.to_owned())
    } else {
        let is_elsewhere = ELSEWHERE.contains(&line);
        assert!(is_elsewhere, "a command that is not tested: {line}");
        Step::Elsewhere
    }
}

fn named(services: &str) -> Vec<&'static str> {
    let names = services.split(' ').map(|name| {
        let mut known = SERVICES.iter().map(|(known, _)| *known);
        known.find(|known| *known == name).unwrap()
    });
    names.collect()
}
