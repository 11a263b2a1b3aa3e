//! Measures what an outage of `first` does to clients of `second`: nothing, if the work for each
//! upstream is bounded.
//!
//! Clients that hammer at `first` take processor time whether it answers or not, and on few cores
//! everyone feels that. So the same hammering at the same rate is also put on a healthy `first`,
//! and an outage is judged against that.

use std::time::Duration;

use super::clients::{Steady, failed, waits};
use super::notice::{until_open, until_well};
use super::upstream::Mode;
use super::{Bench, FIRST, SECOND};
use crate::Error;
use crate::traffic::client::Client;

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
pub(super) async fn measure(bench: &Bench, duration: Duration) -> Result<Round, Error> {
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

async fn beside_hammering(
    bench: &Bench,
    duration: Duration,
) -> Result<Vec<super::clients::Answer>, Error> {
    let (load, hammer) = (
        LOAD.ask(bench.addr(), duration),
        HAMMER.ask(bench.addr(), duration),
    );
    let (answers, _) = tokio::try_join!(load, hammer)?;
    Ok(answers)
}
