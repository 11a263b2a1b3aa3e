//! Measures many clients that ask for the same answer at once while none is kept: one call to the
//! upstream must do for all.

use std::time::{Duration, Instant};

use super::Bench;
use super::clients::{ask, connect, failed, side_by_side};
use super::config::STALE;
use super::upstream::Mode;
use crate::Error;

pub(super) const CLIENTS: u32 = 1000;

/// How long the upstream takes to answer: long enough for all clients to have asked.
pub(super) const ANSWER: Duration = Duration::from_millis(200);

pub(super) struct Rush {
    /// Calls that the upstream saw.
    pub(super) calls: u64,
    /// Clients that were not answered 200.
    pub(super) failed: usize,
    /// The time until the last client was answered.
    pub(super) elapsed: Duration,
}

/// `round` makes the path a new one, whose answer is not kept yet.
pub(super) async fn measure(bench: &Bench, round: u32) -> Result<Rush, Error> {
    let clients = connect(bench.addr(), CLIENTS).await?;
    bench.first.switch(Mode::AnswersAfter(ANSWER));
    let before = bench.first.requests();
    let begun = Instant::now();
    let answers = side_by_side(clients, |_, mut client| async move {
        let path = format!("{STALE}?round={round}");
        Ok(vec![ask(&mut client, &path).await?])
    })
    .await?;
    let elapsed = begun.elapsed();
    bench.first.switch(Mode::Answers);
    Ok(Rush {
        calls: bench.first.requests() - before,
        failed: failed(&answers),
        elapsed,
    })
}
