//! While the order service is down, guests are to read a file of the restaurant's instead of an
//! error.

use serde_json::Value;
use service_kit::program::RunError;

use crate::Service;
use crate::exercises::attempt::Attempt;
use crate::exercises::restaurant::{Restaurant, down};
use crate::exercises::{Exercise, Faults, Task};

pub(in crate::exercises) const EXERCISE: Exercise = Exercise {
    number: 5,
    title: "Answer with a file, and refuse clearly",
    goal: "Give the opening hours a file for the outage, and leave orders a clear refusal.",
    task: Task::Edit {
        original: include_str!("../../../exercises/fallback_file.toml"),
        may_promise_less: false,
        judge: |attempt| Box::pin(judge(attempt)),
    },
};

const OPENING: &str = "/order-api/opening";

async fn judge(attempt: Attempt) -> Result<Faults, RunError> {
    let restaurant = attempt.open(&[Service::Orders], &[]).await?;
    let usual = restaurant.get(OPENING).await?;
    let mut faults = Faults::new();
    if !usual.is(200) || !usual.header("x-degraded").is_empty() {
        faults.push("while all is well, the service's own hours are not the answer".to_owned());
    }
    restaurant.drill("orders", &down()).await?;
    faults.extend(in_the_outage(&restaurant).await?);
    restaurant.close().await;
    Ok(faults)
}

async fn in_the_outage(restaurant: &Restaurant) -> Result<Faults, RunError> {
    let mut faults = Faults::new();
    let opening = restaurant.get(OPENING).await?;
    if !opening.is(200) || opening.header("x-degraded") != "fallback" {
        faults.push(format!(
            "while the order service is down, the hours are {} and not your file",
            opening.status
        ));
    } else if !opening
        .header("content-type")
        .starts_with("application/json")
    {
        faults.push("the file is not a .json file, which programs expect here".to_owned());
    } else {
        let message = opening.json().ok().and_then(|body| {
            let message = body.get("message").and_then(Value::as_str);
            message.map(str::to_owned)
        });
        if message.is_none_or(|message| message.trim().is_empty()) {
            faults.push("the file has no text under \"message\"".to_owned());
        }
    }
    let refused = restaurant.order().await?;
    if !refused.is(503) || refused.header("retry-after").is_empty() {
        faults.push(format!(
            "an order in the outage is answered {} instead of a 503 that says when to ask again",
            refused.status
        ));
    }
    Ok(faults)
}
