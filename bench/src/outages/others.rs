//! Measures what an outage of `first` costs others: the clients of `second`, the clients that ask
//! for the same answer, and `first` itself.

use std::time::{Duration, Instant};

use super::clients::{Answer, Steady, ask, failed, waits};
use super::notice::{until_open, until_well};
use super::{Bench, FIRST, SECOND, STALE};
use crate::Error;
use crate::traffic::client::Client;
use crate::traffic::load;
use crate::traffic::scripted::Mode;

/// The clients whose wait is measured.
pub(super) const LOAD: Steady = Steady {
    path: SECOND,
    clients: 32,
    rate: 1000,
};

/// The clients that ask for the upstream that is down.
pub(super) const HAMMER: Steady = Steady {
    path: FIRST,
    clients: 32,
    rate: 2000,
};

/// The harm of an outage of `first` to clients of `second`: none, if the work for each upstream is
/// bounded. Clients that hammer at `first` take processor time whether it answers or not, and on few
/// cores everyone feels that. So the same hammering at the same rate is also put on a healthy
/// `first`, and an outage is judged against that.
///
/// The 99th percentile in ms of how long clients of `second` waited, in each part of a round.
#[derive(Clone, Copy)]
pub(super) struct Round {
    /// Nobody asks for `first`.
    pub(super) alone: f64,
    /// `first` is healthy and hammered at.
    pub(super) well: f64,
    /// `first` hangs, and the gateway has not noticed yet.
    pub(super) hanging: f64,
    /// `first` hangs, and its circuit is open.
    pub(super) open: f64,
    /// How many requests to `second` were not answered 200, over all parts.
    pub(super) failed: usize,
}

/// Measures one round. Each part takes `duration`, which must be shorter than the upstream's
/// timeout.
pub(super) async fn neighbour(bench: &Bench, duration: Duration) -> Result<Round, Error> {
    let mut client = Client::connect(bench.addr()).await?;
    until_well(&mut client).await?;
    let alone = LOAD.ask(bench.addr(), duration).await?;
    let well = beside_hammering(bench, duration).await?;
    bench.first.switch(Mode::Hangs);
    let hanging = beside_hammering(bench, duration).await?;
    until_open(&mut client).await?;
    let open = beside_hammering(bench, duration).await?;
    bench.first.switch(Mode::Answers);
    let parts = [alone, well, hanging, open];
    let [alone, well, hanging, open] = parts.each_ref().map(|part| waits(part).ms(99.0));
    Ok(Round {
        alone,
        well,
        hanging,
        open,
        failed: parts.iter().map(|part| failed(part)).sum(),
    })
}

async fn beside_hammering(bench: &Bench, duration: Duration) -> Result<Vec<Answer>, Error> {
    let (load, hammer) = (
        LOAD.ask(bench.addr(), duration),
        HAMMER.ask(bench.addr(), duration),
    );
    let (answers, _) = tokio::try_join!(load, hammer)?;
    Ok(answers)
}

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
const FLAKY: Steady = Steady {
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
    let duration = Duration::from_secs(1) * requests / FLAKY.rate;
    let answers = FLAKY.ask(bench.addr(), duration).await?;
    bench.first.switch(Mode::Answers);
    Ok(Flaky {
        sent: answers.len() as u64,
        seen: bench.first.requests() - before,
        failed: failed(&answers) as u64,
    })
}
