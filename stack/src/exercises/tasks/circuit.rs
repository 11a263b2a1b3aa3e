//! A service really stops and comes back. The metrics tell the life of its circuit.

use std::path::Path;
use std::time::Duration;

use actix_web::rt::time;
use service_kit::program::RunError;

use crate::Service;
use crate::exercises::restaurant::Restaurant;
use crate::exercises::sealed::{Blank, Question};
use crate::exercises::workbook::write_new;
use crate::exercises::{Exercise, Task};

pub(in crate::exercises) const EXERCISE: Exercise = Exercise {
    number: 7,
    title: "Read a circuit's life from the metrics",
    goal: "Read from three snapshots of the metrics whose circuit opened, how often, and what clients got.",
    task: Task::Read {
        play: |folder| Box::pin(play(folder)),
    },
};

/// The circuit is looked at this often, for at most this many times.
const PAUSE: Duration = Duration::from_millis(50);
const TRIES: usize = 600;

async fn play(folder: &Path) -> Result<Question, RunError> {
    let mut restaurant = Restaurant::open(&Service::ALL, &[]).await?;
    let (service, path) = if rand::random() {
        (Service::Kitchen, "/kitchen/orders")
    } else {
        (Service::Delivery, "/delivery/assigned")
    };
    let name = service.upstream();
    let snapshot =
        |number: u8, text: &str| write_new(folder, &format!("metrics-{number}.txt"), text);
    restaurant.get(path).await?.expect(200)?;
    snapshot(1, &restaurant.metrics().await?)?;
    for round in 0..rand::random_range(1..=2) {
        restaurant.stack.stop_service(service).await;
        let open = until(&restaurant, path, name, "open").await?;
        if round == 0 {
            snapshot(2, &open)?;
        }
        for _ in 0..rand::random_range(3..30) {
            restaurant.get(path).await?;
        }
        restaurant.stack.start_service(service).await?;
        until(&restaurant, path, name, "closed").await?;
    }
    let last = restaurant.metrics().await?;
    snapshot(3, &last)?;
    restaurant.close().await;
    let opened =
        format!("gateway_upstream_breaker_changes_total{{to=\"open\",upstream=\"{name}\"}}");
    let failed =
        format!("gateway_requests_total{{method=\"GET\",route=\"{path}\",status=\"5xx\"}}");
    let at_the_end = |series: &str| value(&last, series).ok_or_else(|| format!("no {series}"));
    Ok(Question {
        about: "One service stopped and came back, once or more.\n\n\
                metrics-1.txt: before. metrics-2.txt: while it was down. metrics-3.txt: at the end."
            .to_owned(),
        blanks: vec![
            Blank {
                name: "upstream",
                asks: "the upstream whose circuit opened",
                answer: name.to_owned(),
            },
            Blank {
                name: "opened",
                asks: "how often the circuit had opened at the end",
                answer: at_the_end(&opened)?,
            },
            Blank {
                name: "failed",
                asks: "how many requests of clients for the upstream's route were answered 5xx at the end",
                answer: at_the_end(&failed)?,
            },
            Blank {
                name: "state",
                asks: "the state of the circuit at the end: closed, open or half_open",
                answer: "closed".to_owned(),
            },
        ],
    })
}

/// Asks for `path` until the circuit has this state. Returns the metrics then.
async fn until(
    restaurant: &Restaurant,
    path: &str,
    upstream: &str,
    state: &str,
) -> Result<String, RunError> {
    let series =
        format!("gateway_upstream_breaker_state{{state=\"{state}\",upstream=\"{upstream}\"}}");
    for _ in 0..TRIES {
        // Each failure counts; the answer does not matter.
        restaurant.get(path).await?;
        let metrics = restaurant.metrics().await?;
        if value(&metrics, &series).as_deref() == Some("1") {
            return Ok(metrics);
        }
        time::sleep(PAUSE).await;
    }
    Err(format!("the circuit of {upstream} does not become {state}").into())
}

fn value(metrics: &str, series: &str) -> Option<String> {
    let mut lines = metrics.lines();
    let value = lines.find_map(|line| line.strip_prefix(series))?;
    Some(value.trim().to_owned())
}
