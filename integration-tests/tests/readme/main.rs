//! Follows the README word by word: runs each of its commands in order against real processes, and
//! compares the results with the page. The menu in an outage is among them, although nobody has
//! requested it before.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a panic in a test is a failed test"
)]

mod command;
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

use command::Step;
use document::Block;
use processes::Processes;

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
        let mut walked = 0;
        for block in blocks {
            for step in command::steps(&block.commands) {
                walked += usize::from(step != Step::Elsewhere);
                self.take(&step, block.answer.as_deref()).await;
            }
        }
        assert!(walked > 8, "only {walked} commands were found");
    }

    async fn take(&mut self, step: &Step, answer: Option<&str>) {
        match step {
            Step::Elsewhere => {}
            Step::Stop(service) => self.restaurant.stop(service),
            Step::Start(service) => {
                self.restaurant.start_one(service);
                self.all_is_up().await;
            }
            Step::Drill => self.drill(),
            Step::Ask(line) => self.ask(line, answer).await,
        }
    }

    /// Runs a command until its answer matches. An outage takes a moment to show, as the page says:
    /// a recent answer is still fresh, and a circuit opens after a few failures.
    async fn ask(&self, line: &str, answer: Option<&str>) {
        let local = command::to_here(line, &self.restaurant);
        let shows_head = line.contains(" -si ");
        eventually(&format!("what the page says of {line}"), async || {
            let output = command::run(&local);
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

    fn drill(&self) {
        let mut command = Command::new(self.restaurant.program("gateway"));
        command.args(["drill", "--all"]).env_clear();
        command.env("GATEWAY_ADMIN_BIND", self.restaurant.operator().to_string());
        let output = command.output().unwrap();
        assert!(output.status.success(), "{output:?}");
    }

    async fn all_is_up(&self) {
        let status = format!("curl -s http://{}/status", self.restaurant.gateway());
        eventually("every feature", async || {
            let told: Value = serde_json::from_str(&command::run(&status)).unwrap();
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
