//! One client is to place a few orders a minute, and to read as much as before.

use service_kit::program::RunError;

use crate::Service;
use crate::exercises::attempt::Attempt;
use crate::exercises::restaurant::Restaurant;
use crate::exercises::{Exercise, Faults, Task};

pub(in crate::exercises) const EXERCISE: Exercise = Exercise {
    number: 8,
    title: "Protect the till from a flood",
    goal: "Let one address place five orders a minute, and read as much as before.",
    task: Task::Edit {
        original: include_str!("../../../exercises/rate_limit.toml"),
        may_promise_less: false,
        judge: |attempt| Box::pin(judge(attempt)),
    },
};

const ORDERS: &str = "/order-api/commandes";

/// How many orders pass at once.
const QUOTA: usize = 5;

async fn judge(attempt: Attempt) -> Result<Faults, RunError> {
    let restaurant = attempt.open(&[Service::Orders], &[]).await?;
    let faults = faults(&restaurant).await;
    restaurant.close().await;
    faults
}

async fn faults(restaurant: &Restaurant) -> Result<Faults, RunError> {
    // No order is whole, so none is placed. The quota counts them all the same.
    let empty = serde_json::json!({});
    for sent in 1..=QUOTA {
        if restaurant.post(ORDERS, &empty).await?.is(429) {
            return Ok(vec![format!("order {sent} of a minute is refused already")]);
        }
    }
    let mut faults = Faults::new();
    let refused = restaurant.post(ORDERS, &empty).await?;
    if !refused.is(429) {
        faults.push(format!("order {} of a minute is let through", QUOTA + 1));
    } else if refused.header("retry-after").is_empty() {
        faults.push("the refusal does not say when to try again".to_owned());
    }
    for path in [ORDERS, "/order-api/menu"] {
        for _ in 0..=2 * QUOTA {
            let read = restaurant.get(path).await?;
            if !read.is(200) {
                faults.push(format!(
                    "reading {path} is {} after a few times",
                    read.status
                ));
                break;
            }
        }
    }
    Ok(faults)
}
