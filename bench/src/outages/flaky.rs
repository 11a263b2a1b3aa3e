//! An upstream that answers 503 now and then: what the retries make of it, for it and for the clients.

use std::time::Duration;

use super::Bench;
use super::clients::{Steady, failed};
use super::config::FIRST;
use super::upstream::Mode;
use crate::Error;

/// How many percent of the requests.
pub(super) const PART: u64 = 10;

/// At a steady rate: whoever asks again as soon as a refusal is there asks for little else while a circuit is open.
const CLIENTS: Steady = Steady {
    path: FIRST,
    clients: 32,
    rate: 1000,
};

#[derive(Clone, Copy)]
pub(super) struct Flaky {
    pub(super) sent: u64,
    pub(super) seen: u64,
    /// Clients that were answered 503.
    pub(super) failed: u64,
}

/// As long as it takes to ask `requests` times.
pub(super) async fn measure(bench: &Bench, requests: u32) -> Result<Flaky, Error> {
    bench.first.switch(Mode::FailsPart(PART));
    let before = bench.first.requests();
    let duration = Duration::from_secs(1) * requests / CLIENTS.rate;
    let answers = CLIENTS.ask(bench.addr(), duration).await?;
    bench.first.switch(Mode::Answers);
    Ok(Flaky {
        sent: answers.len() as u64,
        seen: bench.first.requests() - before,
        failed: failed(&answers) as u64,
    })
}
