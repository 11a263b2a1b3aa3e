//! The menu is to survive an outage of the order service, for those who are logged in too.

use std::time::Duration;

use actix_web::http::Method;
use service_kit::program::RunError;

use crate::Service;
use crate::exercises::attempt::Attempt;
use crate::exercises::restaurant::{Restaurant, answer, down};
use crate::exercises::{Exercise, Faults, Task};

pub(in crate::exercises) const EXERCISE: Exercise = Exercise {
    number: 3,
    title: "Keep the menu in an outage",
    goal: "Write the row by which the menu survives an outage of the order service for an hour.",
    task: Task::Edit {
        original: include_str!("../../../exercises/stale_list.toml"),
        may_promise_less: false,
        judge: |attempt| Box::pin(judge(attempt)),
    },
};

const MENU: &str = "/order-api/menu";
const LEAST: Duration = Duration::from_secs(60 * 60);

async fn judge(attempt: Attempt) -> Result<Faults, RunError> {
    let mut faults = Faults::new();
    match attempt.stale_if_error(MENU)? {
        None => faults.push("the row of the menu does not say outage = \"stale\"".to_owned()),
        Some(kept) if kept < LEAST => {
            faults.push("the last good menu is kept for less than an hour".to_owned());
        }
        Some(_) => {}
    }
    let restaurant = attempt.open(&[Service::Orders], &[]).await?;
    faults.extend(restaurant.fault_of(MENU).await?);
    restaurant.drill("orders", &down()).await?;
    faults.extend(in_the_outage(&restaurant).await?);
    restaurant.close().await;
    Ok(faults)
}

async fn in_the_outage(restaurant: &Restaurant) -> Result<Faults, RunError> {
    let stranger = restaurant.get(MENU).await?;
    let with_token = restaurant
        .request(Method::GET, MENU)
        .bearer_auth("a-guest-who-is-logged-in");
    let guest = answer(with_token, None).await?;
    let asked = [
        (stranger, "while the order service is down, the menu is"),
        (guest, "for a guest with a token, the menu is"),
    ];
    let faults = asked.iter().filter(|(answer, _)| !answer.is(200));
    Ok(faults
        .map(|(answer, what)| format!("{what} {}", answer.status))
        .collect())
}
