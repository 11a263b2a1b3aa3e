//! Follows the README word by word: runs each of its commands in order against real processes, and
//! compares the results with the page. The menu in an outage is among them, although nobody has
//! requested it before.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a panic in a test is a failed test"
)]

#[path = "../shared/command.rs"]
mod command;
#[path = "../shared/document.rs"]
mod document;
#[expect(
    dead_code,
    reason = "each of the tests that share it needs a part of it"
)]
#[path = "../shared/processes.rs"]
mod processes;

use std::path::Path;
use std::process::Command;

use serde_json::Value;
use service_kit::testing::{eventually, same_shape, skip};

use command::{Page, Step};
use document::Block;
use processes::{Processes, SERVICES};

#[actix_web::test]
async fn each_command_of_the_readme_does_what_the_page_says() {
    if Command::new("curl").arg("--version").output().is_err() {
        skip("the README's walk", "curl is not installed", "REQUIRE_CURL");
    }
    for page in ["README.md", "README.fr.md"] {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(page);
        let text = std::fs::read_to_string(file).unwrap();
        Walk::begin().follow(&document::blocks(&text)).await;
    }
}

/// The first words of the lines that are not run, and why: they need another machine or another day,
/// or repeat a step of the test.
const ELSEWHERE: [(&str, &str); 11] = [
    ("docker compose up", "the processes are started already"),
    ("cargo run", "the same restaurant, in one process"),
    ("cargo test", "this is a part of it"),
    (
        "docker compose --profile observability up",
        "images of others",
    ),
    ("echo ", "a secret for the next one"),
    ("docker compose -f", ".ci/compose-test has it"),
    ("ORDERS_URL=", "a service of the reader's own"),
    ("CLIENTS_URL=", "a service of the reader's own"),
    ("GATEWAY_TLS_CERT=", "a certificate of the reader's own"),
    ("DATABASE_URL=", "a database of the reader's own"),
    (
        "docker compose logs",
        "the processes' logs are read by other tests",
    ),
];

fn is_elsewhere(line: &str) -> bool {
    let mut all = ELSEWHERE.iter();
    all.any(|(begins, _why)| line.starts_with(begins))
}

/// A newcomer with a restaurant that has just been started.
struct Walk {
    restaurant: Processes,
}

impl Walk {
    fn begin() -> Self {
        Self {
            restaurant: Processes::start("info"),
        }
    }

    async fn follow(mut self, blocks: &[Block]) {
        let page = Page {
            services: SERVICES.iter().map(|(name, ..)| *name).collect(),
            is_elsewhere,
        };
        let mut walked = 0;
        for block in blocks {
            for step in page.steps(&block.commands) {
                walked += usize::from(step != Step::Elsewhere);
                self.take(&step, block.answer.as_deref()).await;
            }
        }
        assert!(walked > 8, "only {walked} commands were found");
    }

    async fn take(&mut self, step: &Step, answer: Option<&str>) {
        match step {
            Step::Elsewhere => {}
            Step::Stop(services) => services.iter().for_each(|name| self.restaurant.stop(name)),
            Step::Start(services) => {
                services
                    .iter()
                    .for_each(|name| self.restaurant.start_one(name));
                self.all_is_up().await;
            }
            Step::Drill => assert!(self.gateway(&["drill", "--all"])),
            Step::Status => {
                let up = async || self.gateway(&["status"]).then_some(());
                eventually("a restaurant that is up", up).await;
            }
            Step::Edit(line) => panic!("the README edits nothing: {line}"),
            Step::Ask(line) => self.ask(line, answer).await,
        }
    }

    /// Runs a command until its answer matches. An outage takes a moment to show, as the page says:
    /// a recent answer is still fresh, and a circuit opens after a few failures.
    async fn ask(&self, line: &str, answer: Option<&str>) {
        let local = self.to_here(line);
        let shows_head = line.contains(" -si ");
        eventually(&format!("what the page says of {line}"), async || {
            let output = run(&local);
            if shows_head {
                let head = output.to_ascii_lowercase();
                assert!(head.starts_with("http/1.1 200 "), "{line}: {output}");
                return head.contains("\r\nx-degraded: stale\r\n").then_some(());
            }
            if answer.is_none() && output.is_empty() {
                // A 204. Every refusal has a body.
                return Some(());
            }
            let output: Value = serde_json::from_str(&output).unwrap();
            match answer {
                Some(answer) => is_told(&output, answer).then_some(()),
                None => {
                    assert!(output.get("code").is_none(), "{line}: {output}");
                    Some(())
                }
            }
        })
        .await;
    }

    /// The same command with the addresses of the processes.
    fn to_here(&self, line: &str) -> String {
        let public = format!("http://{}", self.restaurant.gateway());
        let operator = format!("http://{}", self.restaurant.operator());
        line.replace("http://localhost:8000", &public)
            .replace("http://localhost:9000", &operator)
    }

    /// Whether this command of the running gateway succeeds.
    fn gateway(&self, args: &[&str]) -> bool {
        let mut command = Command::new(self.restaurant.program("gateway"));
        command.args(args).env_clear();
        command.env("GATEWAY_ADMIN_BIND", self.restaurant.operator().to_string());
        command.output().unwrap().status.success()
    }

    async fn all_is_up(&self) {
        let status = format!("curl -s http://{}/status", self.restaurant.gateway());
        eventually("every feature", async || {
            let told: Value = serde_json::from_str(&run(&status)).unwrap();
            (told["status"] == "up").then_some(())
        })
        .await;
    }
}

/// Whether the output matches the page: the same shape, and the same words for every state.
fn is_told(output: &Value, answer: &str) -> bool {
    let shown: Value = serde_json::from_str(answer).unwrap();
    same_shape(output, &shown).is_ok() && stands(output, &shown)
}

fn stands(output: &Value, shown: &Value) -> bool {
    const WORDS: [&str; 4] = ["status", "code", "service", "missing"];
    match (output, shown) {
        (Value::Object(output), Value::Object(shown)) => shown.iter().all(|(key, value)| {
            let is_word = WORDS.contains(&key.as_str());
            (!is_word || output.get(key) == Some(value))
                && output.get(key).is_none_or(|output| stands(output, value))
        }),
        _ => true,
    }
}

/// Runs the command line and returns its output.
fn run(line: &str) -> String {
    let output = Command::new("sh").args(["-c", line]).output().unwrap();
    assert!(output.status.success(), "{line}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}
