//! From when an upstream is well again until its route is, after each kind of outage.
//!
//! The gateway looks once in a while, so that it depends on when the upstream comes back: the repetitions come back at
//! moments that lie evenly over the time between two looks.

use std::time::{Duration, Instant};

use hyper::StatusCode;

use super::Bench;
use super::clients::{Answer, ask};
use super::config::FIRST;
use super::hang::is_refusal;
use super::upstream::Mode;
use crate::Error;
use crate::client::Client;

/// A probe that hangs is given up after a second, and the next comes a second later.
const CYCLE: Duration = Duration::from_secs(2);

/// Between two looks of the client.
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
    /// The most probes at once that it saw, from the start of the outage on.
    pub(super) probes: u64,
}

/// `part` of the time between two looks passes before the upstream comes back.
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

/// The route is well.
pub(super) async fn until_well(client: &mut Client) -> Result<(), Error> {
    until(client, |answer| answer.status == StatusCode::OK).await
}

/// Several refusals in a row that come at once: while the circuit is closed, an upstream that fails fast looks alike.
pub(super) async fn until_open(client: &mut Client) -> Result<(), Error> {
    const IN_A_ROW: u32 = 10;
    let mut run = 0;
    until(client, |answer| {
        run = if is_refusal(&answer) { run + 1 } else { 0 };
        run == IN_A_ROW
    })
    .await
}

/// Asks until it is answered so.
async fn until(client: &mut Client, mut is_so: impl FnMut(Answer) -> bool) -> Result<(), Error> {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        if is_so(ask(client, FIRST).await?) {
            return Ok(());
        }
        tokio::time::sleep(PAUSE).await;
    }
    Err("the gateway does not notice what its upstream does".into())
}
