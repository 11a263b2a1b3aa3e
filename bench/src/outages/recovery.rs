//! Measures how long after an upstream's return its route works again, for each kind of outage.
//!
//! The gateway probes at intervals, so the result depends on the moment of the return. The
//! repetitions return at moments spread evenly over the time between two probes.

use std::time::{Duration, Instant};

use hyper::StatusCode;

use super::Bench;
use super::clients::{Answer, ask};
use super::config::FIRST;
use super::hang::is_refusal;
use super::upstream::Mode;
use crate::Error;
use crate::client::Client;

/// The time between two probes of an upstream that hangs: a probe is given up after a second, and
/// the next follows a second later.
const CYCLE: Duration = Duration::from_secs(2);

/// The pause between two requests of the client.
const PAUSE: Duration = Duration::from_millis(2);

const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Outage {
    Hangs,
    Fails,
    Refuses,
}

pub(super) struct Recovery {
    pub(super) after: Duration,
    /// The most probes that the upstream saw at once since the outage began.
    pub(super) probes: u64,
}

/// Waits for `part` of the time between two probes before the upstream comes back.
pub(super) async fn measure(
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
