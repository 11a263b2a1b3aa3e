//! An upstream that accepts and never answers: how long that is felt, and how fast a refusal is from then on.

use std::time::{Duration, Instant};

use hyper::StatusCode;

use super::Bench;
use super::clients::{Answer, Latency, ask, connect, side_by_side};
use super::config::FIRST;
use super::upstream::Mode;
use crate::Error;

/// What waits for an upstream waits for seconds here, and a refusal takes a millisecond.
const SLOW: Duration = Duration::from_millis(100);

/// Each waits for its answer before it asks again.
pub(super) const CLIENTS: u32 = 16;

/// How many refusals are timed, of all clients together.
pub(super) const REFUSALS: u32 = 2000;

/// A gateway that has not noticed by then does not notice.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) struct Hang {
    /// Requests that waited.
    pub(super) slow: usize,
    /// From when it hangs until the first is refused at once.
    pub(super) noticed: Duration,
    pub(super) refusals: Latency,
}

/// `first` is well again at the end, as far as it is concerned.
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
    let noticed = noticed.ok_or("an upstream that hangs is not noticed")? - begun;

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
        return Err(format!("an upstream that hangs is answered {}", other.status).into());
    }
    Ok(Hang {
        slow: answers.iter().filter(|answer| answer.took >= SLOW).count(),
        noticed,
        refusals: Latency::of(&refusals),
    })
}

/// Refused at once, as while the circuit is open.
pub(super) fn is_refusal(answer: &Answer) -> bool {
    answer.status == StatusCode::SERVICE_UNAVAILABLE && answer.took < SLOW
}
