//! Three answers of the chef's screen lack a part, each that of another service. The log tells which.

use std::path::Path;

use rand::seq::SliceRandom as _;
use service_kit::env::Env;
use service_kit::logger::{self, LogConfig};
use service_kit::program::RunError;

use crate::Service;
use crate::exercises::restaurant::{Restaurant, down};
use crate::exercises::sealed::{Blank, Question};
use crate::exercises::workbook::create;
use crate::exercises::{Exercise, Task};

pub(in crate::exercises) const EXERCISE: Exercise = Exercise {
    number: 1,
    title: "Find the service that failed",
    goal: "Find in the log which service made an answer incomplete, from the answer's request id.",
    task: Task::Read {
        play: |folder| Box::pin(play(folder)),
    },
};

async fn play(folder: &Path) -> Result<Question, RunError> {
    let lines = logger::init_to(&logging()?, create(folder, "log.json")?)?;
    let restaurant = Restaurant::open(&Service::ALL, &[]).await?;
    let mut services = [Service::Orders, Service::Kitchen, Service::Delivery];
    services.shuffle(&mut rand::rng());
    let mut asked = Vec::new();
    for service in services {
        restaurant.get("/order-api/menu").await?.expect(200)?;
        restaurant.drill(service.upstream(), &down()).await?;
        let answer = restaurant.get("/tableau-de-bord").await?;
        answer.expect(200)?;
        asked.push((service, answer.header("x-request-id").to_owned()));
        restaurant.end_drill(service.upstream()).await?;
        restaurant.get("/tableau-de-bord").await?.expect(200)?;
    }
    restaurant.close().await;
    drop(lines);
    let chosen = asked.get(rand::random_range(0..asked.len()));
    let (service, id) = chosen.ok_or("nothing was asked")?;
    Ok(Question {
        about: format!(
            "The chef's screen (GET /tableau-de-bord) lacked a part. Its X-Request-Id:\n\n  {id}\n\n\
             log.json is the log of all programs."
        ),
        blanks: vec![
            Blank {
                name: "service",
                asks: "the upstream that failed",
                answer: service.upstream().to_owned(),
            },
            Blank {
                name: "trace",
                asks: "the trace id of the request",
                answer: trace_of(folder, id)?,
            },
        ],
    })
}

/// What a run logs, whatever the learner's environment says.
pub(super) fn logging() -> Result<LogConfig, RunError> {
    Ok(LogConfig::from_env(&Env::of_pairs([(
        "LOG_FORMAT",
        "json",
    )]))?)
}

/// The trace id in the gateway's line about the request.
fn trace_of(folder: &Path, id: &str) -> Result<String, RunError> {
    let log = std::fs::read_to_string(folder.join("log.json"))?;
    let mut lines = log
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let line = lines.find(|line| {
        line.get("request_id").is_some_and(|found| found == id) && line.get("trace_id").is_some()
    });
    let trace = line
        .as_ref()
        .and_then(|line| line.get("trace_id")?.as_str());
    Ok(trace.ok_or("the log has no trace id")?.to_owned())
}
