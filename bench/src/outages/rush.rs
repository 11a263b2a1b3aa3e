//! Many who ask for the same at once while nothing of it is kept: one call must do for all of them.

use std::time::{Duration, Instant};

use super::Bench;
use super::clients::{ask, connect, failed, side_by_side};
use super::config::STALE;
use super::upstream::Mode;
use crate::Error;

pub(super) const CLIENTS: u32 = 1000;

/// How long the upstream takes: all have asked by then.
pub(super) const ANSWER: Duration = Duration::from_millis(200);

pub(super) struct Rush {
    /// That the upstream saw.
    pub(super) calls: u64,
    /// Clients that were not answered 200.
    pub(super) failed: usize,
    /// Until the last was answered.
    pub(super) elapsed: Duration,
}

/// `round` makes it an answer of its own, of which nothing is kept.
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
