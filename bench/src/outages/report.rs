//! The report of `outages`.

use std::fmt::{self, Display};
use std::time::Duration;

use super::notice::{self, Hang, Outage, REFUSALS, Recovery};
use super::others::{self, Flaky, HAMMER, LOAD, PART, Round, Rush};
use super::{Breaker, WORKERS};
use crate::Error;
use crate::report::markdown::table;
use crate::report::millis;
use crate::report::stats::{Spread, over};

/// The limits that must be kept.
const REFUSAL: Duration = Duration::from_millis(5);
const NEIGHBOUR: f64 = 1.1;
const RETURN: Duration = Duration::from_secs(2);
const RETRIES: f64 = 1.2;

pub(super) struct Report {
    /// The version of the gateway.
    pub(super) version: String,
    /// The seconds that each part of a neighbour's round takes.
    pub(super) seconds: u64,
    pub(super) hang: Hang,
    pub(super) neighbours: Vec<Round>,
    pub(super) recoveries: Vec<(Outage, Vec<Recovery>)>,
    pub(super) rushes: Vec<Rush>,
    pub(super) flaky: Vec<(Breaker, Flaky)>,
}

/// Picks one of a round's figures.
type Part = fn(&Round) -> f64;

impl Report {
    /// The neighbour's p99 in `part`, divided by its p99 beside a healthy `first` that is hammered
    /// at.
    fn against_well(&self, part: Part) -> Spread {
        over(&self.neighbours, |round| part(round) / round.well)
    }

    fn neighbours(&self) -> String {
        let parts: [(&str, Part); 4] = [
            ("nobody asks for it", |round| round.alone),
            ("is well, and hammered at", |round| round.well),
            ("hangs, not noticed yet", |round| round.hanging),
            ("hangs, its circuit open", |round| round.open),
        ];
        let rows = parts.map(|(name, part)| {
            [
                name.to_owned(),
                format!("{:.2}", over(&self.neighbours, part)),
                format!("{:.2}", self.against_well(part)),
            ]
        });
        table(
            &["`first`", "p99 ms of `second`", "× well, hammered at"],
            rows,
        )
    }

    fn recoveries(&self) -> String {
        let rows = self.recoveries.iter().map(|(outage, rounds)| {
            let after = over(rounds, |recovery| millis(recovery.after));
            let probes = rounds.iter().map(|recovery| recovery.probes).max();
            [
                outage.to_string(),
                format!("{:.0}", after.median),
                format!("{:.0}", after.high),
                probes.unwrap_or(0).to_string(),
            ]
        });
        let head = [
            "`first`",
            "back after ms, median",
            "ms, max",
            "probes at once",
        ];
        table(&head, rows)
    }

    fn flaky(&self) -> String {
        let rows = self.flaky.iter().map(|(breaker, flaky)| {
            [
                match breaker {
                    Breaker::Off => "never opens".to_owned(),
                    Breaker::Default => "the default".to_owned(),
                },
                flaky.sent.to_string(),
                flaky.seen.to_string(),
                format!("{:.3}", flaky.load()),
                format!("{:.2}", flaky.failed as f64 / flaky.sent as f64 * 100.0),
            ]
        });
        let head = [
            "Breaker",
            "clients sent",
            "`first` saw",
            "saw ÷ sent",
            "% of clients saw 503",
        ];
        table(&head, rows)
    }
}

impl crate::report::Report for Report {
    /// # Errors
    /// A limit is not kept; the error names it.
    fn verdict(&self) -> Result<(), Error> {
        let recoveries = || self.recoveries.iter().flat_map(|(_, rounds)| rounds);
        let is_one_call = |rush: &Rush| rush.calls == 1 && rush.failed == 0;
        let open = self.against_well(|round| round.open).median;
        let mut broken = vec![
            ("refusals", self.hang.refusals.percentile(99.0) < REFUSAL),
            ("neighbour", open < NEIGHBOUR),
            ("return", recoveries().all(|it| it.after < RETURN)),
            ("probes", recoveries().all(|it| it.probes <= 1)),
            ("calls", self.rushes.iter().all(is_one_call)),
            (
                "retries",
                self.flaky.iter().all(|it| it.1.load() <= RETRIES),
            ),
        ];
        broken.retain(|(_, is_kept)| !is_kept);
        if broken.is_empty() {
            return Ok(());
        }
        let broken: Vec<_> = broken.into_iter().map(|(what, _)| what).collect();
        Err(format!("not kept: {}", broken.join(", ")).into())
    }
}

impl Flaky {
    /// How many requests the upstream saw for each request of a client.
    fn load(&self) -> f64 {
        self.seen as f64 / self.sent as f64
    }
}

impl Display for Outage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Hangs => "hung",
            Self::Fails => "answered 503",
            Self::Refuses => "refused connections",
        })
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (version, hang) = (&self.version, &self.hang);
        let (noticed, slow) = (hang.noticed.as_secs_f64(), hang.slow);
        let [median, p99, max] = [50.0, 99.0, 100.0].map(|part| hang.refusals.ms(part));
        let (seconds, rounds) = (self.seconds, self.neighbours.len());
        let (load, rate) = (LOAD.clients, LOAD.rate);
        let (hammering, hammer) = (HAMMER.clients, HAMMER.rate);
        let second = self
            .neighbours
            .iter()
            .map(|round| round.failed)
            .sum::<usize>();
        let calls = self.rushes.iter().map(|rush| rush.calls).max().unwrap_or(0);
        let unanswered = self.rushes.iter().map(|rush| rush.failed).sum::<usize>();
        let elapsed = over(&self.rushes, |rush| millis(rush.elapsed));
        let clients = notice::CLIENTS;
        write!(
            f,
            "{version} with {WORKERS} workers in front of two upstreams, `first`, which misbehaves, and `second`, which does\n\
             not: the default breaker, `timeout` 5 s, probed each second.\n\
             \n\
             `first` hangs; {clients} clients ask for it, one request after the other each:\n\
             \n\
             - {slow} requests waited, none longer than its timeout. After {noticed:.1} s its routes fail at once.\n\
             - {REFUSALS} refusals: median {median:.2} ms, p99 {p99:.2} ms, max {max:.2} ms. Limit: {limit} ms for the p99.\n\
             \n\
             {load} clients ask for `second`, {rate} times a second in all, while {hammering} others hammer at `first`,\n\
             {hammer} times a second in all; {rounds} × {seconds} s: the median of the rounds (the lowest–the highest):\n\
             \n{neighbours}\n\
             - Limit for an open circuit: × {NEIGHBOUR}, against the same hammering while all is well. The hammering itself\n  \
               takes its part of the cores, which the first row is without.\n\
             - `second` did not answer {second} of its requests with 200.\n\
             \n\
             `first` is back; {rounds} times each, at moments spread over the time between two probes. From then until a\n\
             client that asks every 2 ms gets a 200 through its route:\n\
             \n{recoveries}\n\
             - Limit: {back} ms, and one probe at once, from the start of the outage on.\n\
             - What hung is never answered, as by a program that was restarted behind a firewall: the probe that waits is\n  \
               given up first, after 1 s.\n\
             \n\
             {rush} clients ask at once for the same answer, of which nothing is kept, `first` takes {pause} ms; {rounds} times:\n\
             \n\
             - `first` saw {calls} call at most. Limit: 1. Clients that did not get a 200: {unanswered}. The last one was\n  \
               answered after {elapsed:.0} ms.\n\
             \n\
             `first` answers 503 to {PART} % of what it is asked, by chance; {rate} requests a second:\n\
             \n{flaky}\n\
             - Limit: {RETRIES} requests that it sees for each that a client sends.\n\
             - While the circuit is open, which five failures in a row can make it, nothing is sent and every client gets a 503.\n\
             \n\
             Clients and upstreams are one thread on the same cores; the access log is off.\n",
            limit = REFUSAL.as_millis(),
            neighbours = self.neighbours(),
            recoveries = self.recoveries(),
            back = RETURN.as_millis(),
            rush = others::RUSH,
            pause = others::ANSWER.as_millis(),
            flaky = self.flaky(),
        )
    }
}
