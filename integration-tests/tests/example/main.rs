//! Follows the first page of GUIDE.md word by word: three foreign services in Python, the gateway
//! with the file of fifteen lines before them, an outage, a drill, and an edit that is reloaded.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a panic in a test is a failed test"
)]

#[path = "../shared/command.rs"]
mod command;
#[path = "../shared/document.rs"]
mod document;
mod library;
#[expect(
    dead_code,
    reason = "each of the tests that share it needs a part of it"
)]
#[path = "../shared/processes.rs"]
mod processes;
mod python;

use std::path::Path;

use serde_json::Value;
use service_kit::testing::eventually;

use command::{Page, Step};
use document::Block;
use library::{Library, SERVICES};

#[actix_web::test]
async fn the_first_page_of_the_guide_does_what_it_says() {
    let python = python::with_the_packages_or_skip();
    for page in ["docs/GUIDE.md", "docs/GUIDE.fr.md"] {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(page);
        let text = std::fs::read_to_string(file).unwrap();
        let first = text.split("\n## ").nth(1).unwrap();
        let library = Library::open(&python);
        Walk { library }.follow(&document::blocks(first)).await;
    }
}

/// The lines that are not run: it is done before the page begins or after it ends.
const ELSEWHERE: [&str; 3] = [
    "cd examples/three-services",
    "docker compose up -d",
    "docker compose down",
];

/// A newcomer with the gateway and the three services, all just started.
struct Walk {
    library: Library,
}

impl Walk {
    async fn follow(mut self, blocks: &[Block]) {
        self.all_is_up().await;
        let page = Page {
            services: SERVICES.iter().map(|(name, _)| *name).collect(),
            is_elsewhere: |line| ELSEWHERE.contains(&line),
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
            Step::Stop(services) => services.iter().for_each(|name| self.library.stop(name)),
            Step::Start(services) => {
                services.iter().for_each(|name| self.library.start(name));
                self.all_is_up().await;
            }
            Step::Drill => {
                let told = self.library.drill();
                let told = told.lines().map(str::trim_end);
                assert!(told.eq(answer.unwrap().lines()), "{}", self.library.drill());
            }
            Step::Status => panic!("the page asks for no status"),
            Step::Edit(line) => assert_eq!(self.library.shell(line), ""),
            Step::Ask(line) => self.ask(line, answer).await,
        }
    }

    /// Runs a command until its answer is the page's: an outage takes a moment to show.
    async fn ask(&self, line: &str, answer: Option<&str>) {
        let changes_something = line.contains(" -d ") || line.contains(" -X POST ");
        eventually(&format!("what the page says of {line}"), async || {
            let output = self.library.shell(line);
            let is_told = match answer {
                Some(answer) => is_told(&output, answer),
                None if line.contains(" -si ") => {
                    assert!(output.starts_with("HTTP/1.1 200 "), "{line}: {output}");
                    output.contains("\r\nx-degraded: stale\r\n")
                }
                None => serde_json::from_str(&output).is_ok_and(|output: Value| output.is_array()),
            };
            assert!(is_told || !changes_something, "{line}: {output}");
            is_told.then_some(())
        })
        .await;
    }

    async fn all_is_up(&self) {
        eventually("every feature", async || {
            let told = self.library.shell("curl -s http://localhost:8000/status");
            let told: Value = serde_json::from_str(&told).unwrap();
            (told["status"] == "up").then_some(())
        })
        .await;
    }
}

fn is_told(output: &str, answer: &str) -> bool {
    let shown: Value = serde_json::from_str(answer).unwrap();
    serde_json::from_str(output).is_ok_and(|output| is_shown(&output, &shown))
}

/// Whether the output is the page's, but for what differs from one day or machine to another.
fn is_shown(output: &Value, shown: &Value) -> bool {
    const VARIES: [&str; 4] = ["ageSeconds", "staleAgeSeconds", "retryAfterSeconds", "hash"];
    const PLACE: &str = "file";
    match (output, shown) {
        (Value::Object(output), Value::Object(shown)) => {
            let are_shown = shown.iter().all(|(key, value)| {
                output.get(key).is_some_and(|output| {
                    VARIES.contains(&key.as_str()) || key == PLACE || is_shown(output, value)
                })
            });
            are_shown && output.len() == shown.len()
        }
        (Value::Array(output), Value::Array(shown)) => {
            let mut pairs = output.iter().zip(shown);
            output.len() == shown.len() && pairs.all(|(output, shown)| is_shown(output, shown))
        }
        (output, shown) => output == shown,
    }
}
