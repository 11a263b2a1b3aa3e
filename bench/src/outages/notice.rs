//! Measures how soon the gateway notices that an upstream hangs, and that it is back.
//!
//! The gateway probes at intervals, so the second depends on the moment of the return. The
//! repetitions return at moments spread evenly over the time between two probes.

use std::time::{Duration, Instant};

use hyper::StatusCode;

use super::clients::{Answer, ask, waits};
use super::{Bench, FIRST};
use crate::Error;
use crate::report::stats::Waits;
use crate::traffic::client::Client;
use crate::traffic::load;
use crate::traffic::scripted::Mode;

/// Tells a wait from a refusal: here a wait for an upstream takes seconds, a refusal a millisecond.
const SLOW: Duration = Duration::from_millis(100);

/// How many clients ask; each waits for its answer before it asks again.
pub(super) const CLIENTS: usize = 16;

/// How many refusals are timed, over all clients.
pub(super) const REFUSALS: usize = 2000;

/// A gateway that has not noticed by then counts as not noticing.
const PATIENCE: Duration = Duration::from_secs(30);

/// The time between two probes of an upstream that hangs: a probe is given up after a second, and
/// the next follows a second later.
const CYCLE: Duration = Duration::from_secs(2);

/// The pause between two requests of the client that awaits a change.
const PAUSE: Duration = Duration::from_millis(2);

/// How long an upstream that accepts and never answers is felt, and how fast refusals come after
/// that.
pub(super) struct Hang {
    /// How many requests waited.
    pub(super) slow: usize,
    /// From the moment the upstream hangs until the first request is refused at once.
    pub(super) noticed: Duration,
    pub(super) refusals: Waits,
}

/// At the end `first` answers again, though the gateway may not know it yet.
pub(super) async fn hang(bench: &Bench) -> Result<Hang, Error> {
    let clients = Client::connect_all(bench.addr(), CLIENTS).await?;
    bench.first.switch(Mode::Hangs);
    let begun = Instant::now();
    let answers = load::side_by_side(clients, |_, mut client| async move {
        let mut answers = Vec::new();
        while begun.elapsed() < PATIENCE {
            let answer = ask(&mut client, FIRST).await?;
            answers.push(answer);
            if is_refusal(&answer) {
                break;
            }
        }
        Ok(answers)
    });
    let answers = answers.await?.concat();
    let refusal = answers.iter().filter(|answer| is_refusal(answer));
    let noticed = refusal.map(|answer| answer.at).min();
    let noticed = noticed.ok_or("the gateway did not notice that the upstream hangs")? - begun;

    let clients = Client::connect_all(bench.addr(), CLIENTS).await?;
    let refusals = load::side_by_side(clients, |_, mut client| async move {
        let mut answers = Vec::new();
        for _ in 0..REFUSALS / CLIENTS {
            answers.push(ask(&mut client, FIRST).await?);
        }
        Ok(answers)
    });
    let refusals = refusals.await?.concat();
    bench.first.switch(Mode::Answers);
    let is_other = |answer: &&Answer| answer.status != StatusCode::SERVICE_UNAVAILABLE;
    if let Some(Answer { status, .. }) = refusals.iter().find(is_other) {
        return Err(format!("a request to the upstream that hangs was answered {status}").into());
    }
    Ok(Hang {
        slow: answers.iter().filter(|answer| answer.took >= SLOW).count(),
        noticed,
        refusals: waits(&refusals),
    })
}

/// Whether the answer is a refusal at once, as while the circuit is open.
fn is_refusal(answer: &Answer) -> bool {
    answer.status == StatusCode::SERVICE_UNAVAILABLE && answer.took < SLOW
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Outage {
    Hangs,
    Fails,
    Refuses,
}

/// How long after an upstream's return its route works again.
pub(super) struct Recovery {
    pub(super) after: Duration,
    /// The most probes that the upstream saw at once since the outage began.
    pub(super) probes: u64,
}

/// Waits for `part` of the time between two probes before the upstream comes back.
pub(super) async fn recovery(
    bench: &mut Bench,
    outage: Outage,
    part: f64,
) -> Result<Recovery, Error> {
    let mut client = Client::connect(bench.addr()).await?;
    until_well(&mut client).await?;
    bench.first.most_probes();
    match outage {
        Outage::Hangs => bench.first.switch(Mode::Hangs),
        Outage::Fails => bench.first.switch(Mode::Fails),
        Outage::Refuses => bench.first.close().await,
    }
    until_open(&mut client).await?;
    tokio::time::sleep(CYCLE.mul_f64(part)).await;
    match outage {
        Outage::Hangs | Outage::Fails => bench.first.switch(Mode::Answers),
        Outage::Refuses => bench.first.reopen().await?,
    }
    let back = Instant::now();
    until_well(&mut client).await?;
    Ok(Recovery {
        after: back.elapsed(),
        probes: bench.first.most_probes(),
    })
}

/// Waits until the route answers 200.
pub(super) async fn until_well(client: &mut Client) -> Result<(), Error> {
    until(client, |answer| answer.status == StatusCode::OK).await
}

/// Waits for several immediate refusals in a row: a single one may also come from an upstream that
/// fails fast while the circuit is closed.
pub(super) async fn until_open(client: &mut Client) -> Result<(), Error> {
    const IN_A_ROW: u32 = 10;
    let mut run = 0;
    until(client, |answer| {
        run = if is_refusal(&answer) { run + 1 } else { 0 };
        run == IN_A_ROW
    })
    .await
}

/// Asks until an answer satisfies `is_so`.
async fn until(client: &mut Client, mut is_so: impl FnMut(Answer) -> bool) -> Result<(), Error> {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        if is_so(ask(client, FIRST).await?) {
            return Ok(());
        }
        tokio::time::sleep(PAUSE).await;
    }
    Err("the gateway did not notice the change of its upstream in time".into())
}
