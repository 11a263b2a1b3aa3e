//! Measures what an outage of `first` does to clients of `second`: nothing, if the work for each
//! upstream is bounded.
//!
//! Clients that hammer at `first` take processor time whether it answers or not, and on few cores
//! everyone feels that. So the same hammering at the same rate is also put on a healthy `first`,
//! and an outage is judged against that.

use std::net::SocketAddr;
use std::time::Duration;

use super::Bench;
use super::clients::{Latency, Steady, failed};
use super::config::{FIRST, SECOND};
use super::recovery::{until_open, until_well};
use super::upstream::Mode;
use crate::Error;
use crate::client::Client;

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

/// The 99th percentile of how long clients of `second` waited, in each part of a round.
#[derive(Clone, Copy)]
pub(super) struct Round {
    /// Nobody asks for `first`.
    pub(super) alone: Duration,
    /// `first` is healthy and hammered at.
    pub(super) well: Duration,
    /// `first` hangs, and the gateway has not noticed yet.
    pub(super) hanging: Duration,
    /// `first` hangs, and its circuit is open.
    pub(super) open: Duration,
    /// How many requests to `second` were not answered 200, over all parts.
    pub(super) failed: usize,
}

/// Measures one round. Each part takes `duration`, which must be shorter than the upstream's
/// timeout.
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

/// The 99th percentile of `LOAD` while `others` ask too, and how many of its requests failed.
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
