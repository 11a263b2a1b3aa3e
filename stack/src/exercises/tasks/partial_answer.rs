//! Following an order is to work within two seconds, without the kitchen if need be.

use std::time::Duration;

use serde_json::json;
use service_kit::program::RunError;
use tokio::time::timeout;

use crate::Service;
use crate::exercises::attempt::Attempt;
use crate::exercises::restaurant::Restaurant;
use crate::exercises::{Exercise, Faults, Task};

pub(in crate::exercises) const EXERCISE: Exercise = Exercise {
    number: 9,
    title: "Stay useful when one part is missing",
    goal: "Make the tracking of an order answer in time while the kitchen is slow.",
    task: Task::Edit {
        original: include_str!("../../../exercises/partial_answer.toml"),
        may_promise_less: false,
        judge: |attempt| Box::pin(judge(attempt)),
    },
};

/// How long a guest waits. The judge's machine may be busy, so it waits a little longer.
const MOST: Duration = Duration::from_secs(2);
const GRACE: Duration = Duration::from_millis(500);

async fn judge(attempt: Attempt) -> Result<Faults, RunError> {
    let services = [Service::Orders, Service::Kitchen, Service::Delivery];
    let restaurant = attempt.open(&services, &[]).await?;
    let faults = faults(&restaurant).await;
    restaurant.close().await;
    faults
}

async fn faults(restaurant: &Restaurant) -> Result<Faults, RunError> {
    let placed = restaurant.order().await?;
    if !placed.is(201) {
        let status = placed.status;
        return Ok(vec![format!("while all is well, an order is {status}")]);
    }
    let slow = json!({"mode": "slow", "delay": "10s", "for": "5m"});
    restaurant.drill("kitchen", &slow).await?;
    let path = format!("/suivi/{}", placed.text("id")?);
    let Ok(tracked) = timeout(MOST + GRACE, restaurant.get(&path)).await else {
        return Ok(vec![format!(
            "while the kitchen is slow, the guest waits for longer than {} s",
            MOST.as_secs()
        )]);
    };
    let tracked = tracked?;
    let mut faults = Faults::new();
    if !tracked.is(200) {
        let status = tracked.status;
        faults.push(format!(
            "while the kitchen is slow, the guest gets {status}"
        ));
    } else if tracked
        .json()?
        .get("order")
        .is_none_or(|order| !order.is_object())
    {
        faults.push("the answer does not have the part order".to_owned());
    } else if tracked.header("x-degraded") != "partial" {
        faults.push("the answer is not marked as partial: where is the kitchen's part?".to_owned());
    }
    restaurant.end_drill("kitchen").await?;
    let unknown = "/suivi/00000000-0000-4000-8000-000000000000";
    let unknown = restaurant.get(unknown).await?;
    if !unknown.is(404) {
        let status = unknown.status;
        faults.push(format!(
            "an order that does not exist is {status} instead of 404"
        ));
    }
    Ok(faults)
}
