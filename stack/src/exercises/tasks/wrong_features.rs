//! The file declares two features otherwise than they behave. A rehearsal of every outage tells.

use std::collections::BTreeSet;

use serde::Deserialize;
use service_kit::program::RunError;

use crate::Service;
use crate::exercises::attempt::Attempt;
use crate::exercises::{Exercise, Faults, Task};

pub(in crate::exercises) const EXERCISE: Exercise = Exercise {
    number: 4,
    title: "Make the verdict pass",
    goal: "Correct a declaration until the rehearsal of every outage passes.",
    task: Task::Edit {
        original: include_str!("../../../exercises/wrong_features.toml"),
        may_promise_less: true,
        judge: |attempt| Box::pin(judge(attempt)),
    },
};

const FEATURES: [&str; 4] = ["kitchen", "menu", "ordering", "tracking"];

/// `POST /drills/verdict`, as far as it is judged here.
#[derive(Deserialize)]
struct Verdict {
    pass: bool,
    cells: Vec<Cell>,
    remarks: Vec<String>,
}

#[derive(Deserialize)]
struct Cell {
    feature: String,
    upstream: String,
    declared: String,
    status: String,
    answer: String,
    pass: bool,
}

async fn judge(attempt: Attempt) -> Result<Faults, RunError> {
    let restaurant = attempt
        .open(&[Service::Orders, Service::Kitchen], &[])
        .await?;
    let verdict = restaurant.verdict().await?;
    restaurant.close().await;
    Ok(faults(serde_json::from_value(verdict)?))
}

fn faults(verdict: Verdict) -> Faults {
    let mut faults = verdict.remarks;
    let judged: BTreeSet<_> = verdict.cells.iter().map(|cell| &*cell.feature).collect();
    let missing = FEATURES.iter().filter(|name| !judged.contains(*name));
    faults.extend(missing.map(|name| format!("the feature {name} is gone from the file")));
    let failed = verdict.cells.iter().filter(|cell| !cell.pass);
    faults.extend(failed.map(|cell| {
        format!(
            "{} without {}: the file declares {}, /status says {}, and the answer is: {}",
            cell.feature, cell.upstream, cell.declared, cell.status, cell.answer
        )
    }));
    if !verdict.pass && faults.is_empty() {
        faults.push("the verdict does not pass".to_owned());
    }
    faults
}
