//! Measures how long an upstream that accepts and never answers is felt, and how fast refusals come
//! after that.

use std::time::{Duration, Instant};

use hyper::StatusCode;

use super::Bench;
use super::clients::{Answer, Latency, ask, connect, side_by_side};
use super::config::FIRST;
use super::upstream::Mode;
use crate::Error;

/// Tells a wait from a refusal: here a wait for an upstream takes seconds, a refusal a millisecond.
const SLOW: Duration = Duration::from_millis(100);

/// How many clients ask; each waits for its answer before it asks again.
pub(super) const CLIENTS: u32 = 16;

/// How many refusals are timed, over all clients.
pub(super) const REFUSALS: u32 = 2000;

/// A gateway that has not noticed by then counts as not noticing.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) struct Hang {
    /// How many requests waited.
    pub(super) slow: usize,
    /// From the moment the upstream hangs until the first request is refused at once.
    pub(super) noticed: Duration,
    pub(super) refusals: Latency,
}

/// At the end `first` answers again, though the gateway may not know it yet.
pub(super) async fn measure(bench: &Bench) -> Result<Hang, Error> {
    let clients = connect(bench.addr(), CLIENTS).await?;
    bench.first.switch(Mode::Hangs);
    let begun = Instant::now();
    let answers = side_by_side(clients, move |_, mut client| async move {
        let mut answers = Vec::new();
        while begun.elapsed() < PATIENCE {
            let answer = ask(&mut client, FIRST).await?;
            answers.push(answer);
            if is_refusal(&answer) {
                break;
            }
        }
        Ok(answers)
    })
    .await?;
    let refusal = answers.iter().filter(|answer| is_refusal(answer));
    let noticed = refusal.map(|answer| answer.at).min();
    let noticed = noticed.ok_or("the gateway did not notice that the upstream hangs")? - begun;

    let clients = connect(bench.addr(), CLIENTS).await?;
    let refusals = side_by_side(clients, |_, mut client| async move {
        let mut answers = Vec::new();
        for _ in 0..REFUSALS / CLIENTS {
            answers.push(ask(&mut client, FIRST).await?);
        }
        Ok(answers)
    })
    .await?;
    bench.first.switch(Mode::Answers);
    if let Some(other) = refusals
        .iter()
        .find(|answer| answer.status != StatusCode::SERVICE_UNAVAILABLE)
    {
        return Err(format!(
            "a request to the upstream that hangs was answered {}",
            other.status
        )
        .into());
    }
    Ok(Hang {
        slow: answers.iter().filter(|answer| answer.took >= SLOW).count(),
        noticed,
        refusals: Latency::of(&refusals),
    })
}

/// Whether the answer is a refusal at once, as while the circuit is open.
pub(super) fn is_refusal(answer: &Answer) -> bool {
    answer.status == StatusCode::SERVICE_UNAVAILABLE && answer.took < SLOW
}
