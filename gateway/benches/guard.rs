//! `cargo bench -p gateway --features bench`: measures the guard's cost for a request while all is
//! well, with one thread and with two that share it, as workers do.
//!
//! It uses only a loop and a clock: an order of magnitude is enough, against a limit that is far
//! away.

use std::error::Error;
use std::io::{self, Write as _};
use std::thread;
use std::time::{Duration, Instant};

use gateway::bench::Well;

/// Requests of each thread.
const REQUESTS: u32 = 10_000_000;

/// Several rounds, because other processes use the same cores.
const ROUNDS: usize = 5;

fn main() -> Result<(), Box<dyn Error>> {
    let well = Well::new()?.ok_or("the default file has no upstream")?;
    for threads in [1, 2] {
        let mut rounds = Vec::new();
        for _ in 0..ROUNDS {
            rounds.push(round(&well, threads)?);
        }
        rounds.sort_unstable_by(f64::total_cmp);
        if let (Some(low), Some(median), Some(high)) =
            (rounds.first(), rounds.get(ROUNDS / 2), rounds.last())
        {
            writeln!(
                io::stdout(),
                "{threads} thread(s): {median:.0} ns a request ({low:.0}–{high:.0})"
            )?;
        }
    }
    Ok(())
}

/// A request's time in nanoseconds.
fn round(well: &Well, threads: usize) -> Result<f64, Box<dyn Error>> {
    let timed = thread::scope(|scope| {
        let started: Vec<_> = (0..threads)
            .map(|_| scope.spawn(|| pass_all(well)))
            .collect();
        started
            .into_iter()
            .map(|thread| thread.join().ok().flatten())
            .collect::<Option<Vec<_>>>()
    });
    let timed = timed.ok_or("the guard refused a request")?;
    let all: Duration = timed.iter().sum();
    Ok(all.as_secs_f64() * 1e9 / (f64::from(REQUESTS) * threads as f64))
}

/// The time for all requests. `None` if one is refused.
fn pass_all(well: &Well) -> Option<Duration> {
    let begun = Instant::now();
    for _ in 0..REQUESTS {
        if !std::hint::black_box(well).pass() {
            return None;
        }
    }
    Some(begun.elapsed())
}
