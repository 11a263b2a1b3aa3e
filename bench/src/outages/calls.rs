//! Measures how many calls an upstream sees for what clients ask: of many at once for the same
//! answer, and of retries while it fails now and then.

use std::time::{Duration, Instant};

use super::clients::{Steady, ask, failed};
use super::upstream::Mode;
use super::{Bench, FIRST, STALE};
use crate::Error;
use crate::traffic::client::Client;
use crate::traffic::load;

/// How many clients ask at once for the same answer.
pub(super) const RUSH: usize = 1000;

/// How long the upstream takes to answer: long enough for all clients to have asked.
pub(super) const ANSWER: Duration = Duration::from_millis(200);

/// Many clients that ask for the same answer at once while none is kept: one call to the upstream
/// must do for all.
pub(super) struct Rush {
    /// Calls that the upstream saw.
    pub(super) calls: u64,
    /// Clients that were not answered 200.
    pub(super) failed: usize,
    /// The time until the last client was answered.
    pub(super) elapsed: Duration,
}

/// `round` makes the path a new one, whose answer is not kept yet.
pub(super) async fn rush(bench: &Bench, round: u32) -> Result<Rush, Error> {
    let clients = Client::connect_all(bench.addr(), RUSH).await?;
    bench.first.switch(Mode::AnswersAfter(ANSWER));
    let before = bench.first.requests();
    let begun = Instant::now();
    let answers = load::side_by_side(clients, |_, mut client| async move {
        let path = format!("{STALE}?round={round}");
        ask(&mut client, &path).await
    });
    let answers = answers.await?;
    let elapsed = begun.elapsed();
    bench.first.switch(Mode::Answers);
    Ok(Rush {
        calls: bench.first.requests() - before,
        failed: failed(&answers),
        elapsed,
    })
}

/// The percentage of requests that the upstream fails.
pub(super) const PART: u64 = 10;

/// They ask at a steady rate: clients that ask again right after a refusal would mostly collect
/// refusals while a circuit is open.
const CLIENTS: Steady = Steady {
    path: FIRST,
    clients: 32,
    rate: 1000,
};

/// How retries affect an upstream that answers 503 now and then, and its clients.
#[derive(Clone, Copy)]
pub(super) struct Flaky {
    pub(super) sent: u64,
    pub(super) seen: u64,
    /// How many clients were answered 503.
    pub(super) failed: u64,
}

/// Runs for as long as `requests` requests take at the fixed rate.
pub(super) async fn flaky(bench: &Bench, requests: u32) -> Result<Flaky, Error> {
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
