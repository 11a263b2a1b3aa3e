//! Three orders are placed and cooked at the same time. The log tells the story of each.

use std::path::Path;
use std::time::Duration;

use actix_web::http::Method;
use actix_web::rt::time;
use serde_json::json;
use service_kit::logger;
use service_kit::program::RunError;

use super::failed_service::logging;
use crate::Service;
use crate::exercises::restaurant::{Restaurant, answer, order};
use crate::exercises::sealed::{Blank, Question};
use crate::exercises::workbook::create;
use crate::exercises::{Exercise, Task};

pub(in crate::exercises) const EXERCISE: Exercise = Exercise {
    number: 2,
    title: "Follow an order through all services",
    goal: "Follow one order through the logs of all programs, by its id and its traces.",
    task: Task::Read {
        play: |folder| Box::pin(play(folder)),
    },
};

/// How often a status is asked for, and for how long.
const PAUSE: Duration = Duration::from_millis(20);
const TRIES: usize = 1500;

struct Story {
    order: String,
    trace: String,
    placed_by: String,
    ready_by: String,
}

async fn play(folder: &Path) -> Result<Question, RunError> {
    let lines = logger::init_to(&logging()?, create(folder, "log.json")?)?;
    let restaurant = Restaurant::open(&Service::ALL, &[]).await?;
    let mut stories = Vec::new();
    for _ in 0..3 {
        stories.push(place(&restaurant).await?);
    }
    for story in &mut stories {
        story.ready_by = cook(&restaurant, &story.order).await?;
    }
    restaurant.close().await;
    drop(lines);
    let chosen = rand::random_range(0..stories.len());
    let story = stories
        .into_iter()
        .nth(chosen)
        .ok_or("no order was placed")?;
    Ok(Question {
        about: format!(
            "A guest asks about the order\n\n  {}\n\nlog.json is the log of all programs.",
            story.order
        ),
        blanks: vec![
            Blank {
                name: "trace",
                asks: "the trace id of the request that placed the order",
                answer: story.trace,
            },
            Blank {
                name: "placed_by",
                asks: "the request id of that request",
                answer: story.placed_by,
            },
            Blank {
                name: "ready_by",
                asks: "the request id of the POST /kitchen/update that marked the order ready",
                answer: story.ready_by,
            },
        ],
    })
}

async fn place(restaurant: &Restaurant) -> Result<Story, RunError> {
    let trace = format!("{:032x}", rand::random::<u128>() | 1);
    let parent = format!("00-{trace}-{:016x}-01", rand::random::<u64>() | 1);
    let request = restaurant
        .request(Method::POST, "/order-api/commandes")
        .insert_header(("traceparent", parent));
    let placed = answer(request, Some(&order())).await?;
    placed.expect(201)?;
    Ok(Story {
        order: placed.text("id")?,
        trace,
        placed_by: placed.header("x-request-id").to_owned(),
        ready_by: String::new(),
    })
}

/// Marks the order ready, once the kitchen has it, and waits until the order service knows.
async fn cook(restaurant: &Restaurant, order: &str) -> Result<String, RunError> {
    for _ in 0..TRIES {
        let ready = restaurant
            .post("/kitchen/update", &json!({"order_id": order}))
            .await?;
        if ready.is(404) {
            time::sleep(PAUSE).await;
            continue;
        }
        ready.expect(200)?;
        let path = format!("/order-api/commandes/{order}");
        for _ in 0..TRIES {
            if restaurant.get(&path).await?.text("status")? == "PRETE" {
                return Ok(ready.header("x-request-id").to_owned());
            }
            time::sleep(PAUSE).await;
        }
    }
    Err(format!("the order {order} does not become ready").into())
}
