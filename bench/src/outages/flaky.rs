//! Measures how retries affect an upstream that answers 503 now and then, and its clients.

use std::time::Duration;

use super::Bench;
use super::clients::{Steady, failed};
use super::config::FIRST;
use super::upstream::Mode;
use crate::Error;

/// The percentage of requests that fail.
pub(super) const PART: u64 = 10;

/// They ask at a steady rate: clients that ask again right after a refusal would mostly collect
/// refusals while a circuit is open.
const CLIENTS: Steady = Steady {
    path: FIRST,
    clients: 32,
    rate: 1000,
};

#[derive(Clone, Copy)]
pub(super) struct Flaky {
    pub(super) sent: u64,
    pub(super) seen: u64,
    /// How many clients were answered 503.
    pub(super) failed: u64,
}

/// Runs for as long as `requests` requests take at the fixed rate.
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
