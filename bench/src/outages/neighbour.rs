//! What an outage of `first` does to those who ask for `second`: nothing, if what is done for either is bounded.
//!
//! Who hammers at `first` takes processor time whether it answers or not, and on few cores that is felt by everyone. So
//! the same hammering, at the same rate, is also put on a `first` that is well: against that, an outage is judged.

use std::net::SocketAddr;
use std::time::Duration;

use super::Bench;
use super::clients::{Latency, Steady, failed};
use super::config::{FIRST, SECOND};
use super::recovery::{until_open, until_well};
use super::upstream::Mode;
use crate::Error;
use crate::client::Client;

/// Those whose wait is measured.
pub(super) const LOAD: Steady = Steady {
    path: SECOND,
    clients: 32,
    rate: 1000,
};

/// Those who ask for what is down.
pub(super) const HAMMER: Steady = Steady {
    path: FIRST,
    clients: 32,
    rate: 2000,
};

/// As 99 of 100 clients of `second` waited at most.
#[derive(Clone, Copy)]
pub(super) struct Round {
    /// Nobody asks for `first`.
    pub(super) alone: Duration,
    /// It is well, and hammered at.
    pub(super) well: Duration,
    /// It hangs, and nobody knows yet.
    pub(super) hanging: Duration,
    /// It hangs, and its circuit is open.
    pub(super) open: Duration,
    /// How many of all of them were not answered 200 by `second`.
    pub(super) failed: usize,
}

/// Each part lasts for `duration`, which must be shorter than the upstream's timeout.
pub(super) async fn measure(bench: &Bench, duration: Duration) -> Result<Round, Error> {
    let addr = bench.addr();
    let mut client = Client::connect(addr).await?;
    until_well(&mut client).await?;
    let mut all = 0;
    let mut p99 = |(p99, failed)| {
        all += failed;
        p99
    };
    let alone = p99(beside(addr, duration, None).await?);
    let well = p99(beside(addr, duration, Some(HAMMER)).await?);
    bench.first.switch(Mode::Hangs);
    let hanging = p99(beside(addr, duration, Some(HAMMER)).await?);
    until_open(&mut client).await?;
    let open = p99(beside(addr, duration, Some(HAMMER)).await?);
    bench.first.switch(Mode::Answers);
    Ok(Round {
        alone,
        well,
        hanging,
        open,
        failed: all,
    })
}

/// The 99th percentile of `LOAD` beside `others`, and how much of it failed.
async fn beside(
    addr: SocketAddr,
    duration: Duration,
    others: Option<Steady>,
) -> Result<(Duration, usize), Error> {
    let hammer = async {
        match others {
            Some(others) => others.ask(addr, duration).await.map(drop),
            None => Ok(()),
        }
    };
    let (answers, ()) = tokio::try_join!(LOAD.ask(addr, duration), hammer)?;
    Ok((Latency::of(&answers).p99, failed(&answers)))
}
