//! The report of `proxy`, which reads well as plain text and as Markdown.

use std::fmt::{self, Display};
use std::path::Path;
use std::time::Duration;

use super::Run;
use super::peer::{Kind, Peer};
use super::scenario::Scenario;
use crate::Error;
use crate::markdown::table;
use crate::plot::{self, Bars};
use crate::report::{Conditions, mebibytes, micros, millis};
use crate::stats::{Spread, over};

pub(super) struct Report {
    conditions: Conditions,
    peers: Vec<String>,
    missing: Vec<&'static str>,
    kinds: Vec<Kind>,
    scenarios: Vec<Scenario>,
    /// By scenario, then by peer: one run for each round.
    runs: Vec<Vec<Vec<Run>>>,
    /// The times to the first answer, by peer.
    starts: Vec<Vec<Duration>>,
    calls: Vec<Option<f64>>,
    is_drawn: bool,
}

/// The plot's file name.
const PLOT: &str = "proxy.svg";

/// Shown where nothing was measured.
const NONE: &str = "–";

impl Run {
    /// The proxy's processor time for a request, in µs.
    pub(crate) fn cost(&self) -> f64 {
        micros(self.cpu) / self.requests.max(1) as f64
    }

    fn rate(&self) -> f64 {
        self.requests as f64 / self.elapsed.as_secs_f64()
    }

    fn wait(&self, index: usize) -> f64 {
        self.waits.get(index).copied().map_or(0.0, millis)
    }
}

impl Report {
    pub(super) fn new(
        conditions: Conditions,
        peers: &[Peer],
        missing: Vec<&'static str>,
        scenarios: &[Scenario],
    ) -> Self {
        let none = || peers.iter().map(|_| Vec::new()).collect();
        Self {
            conditions,
            peers: peers.iter().map(|peer| peer.name().to_owned()).collect(),
            missing,
            kinds: peers.iter().map(Peer::kind).collect(),
            scenarios: scenarios.to_vec(),
            runs: scenarios.iter().map(|_| none()).collect(),
            starts: peers.iter().map(|_| Vec::new()).collect(),
            calls: peers.iter().map(|_| None).collect(),
            is_drawn: false,
        }
    }

    pub(super) fn add(&mut self, scenario: usize, peer: usize, run: Run) {
        let row = self.runs.get_mut(scenario);
        if let Some(runs) = row.and_then(|row| row.get_mut(peer)) {
            runs.push(run);
        }
    }

    pub(super) fn add_start(&mut self, peer: usize, start: Duration) {
        if let Some(starts) = self.starts.get_mut(peer) {
            starts.push(start);
        }
    }

    pub(super) fn add_calls(&mut self, peer: usize, count: f64) {
        if let Some(calls) = self.calls.get_mut(peer) {
            *calls = Some(count);
        }
    }

    /// Draws what a request costs each peer. Bars that would leave no room for the others are cut.
    pub(super) fn draw(&mut self, folder: &Path) -> Result<(), Error> {
        let groups = self.with_workers(1).map(|(name, row)| {
            let cost = |runs: &Vec<Run>| (!runs.is_empty()).then(|| over(runs, Run::cost).median);
            (name.to_owned(), row.iter().map(cost).collect())
        });
        plot::bars(
            &folder.join(PLOT),
            &Bars {
                title: "Processor time of a request, µs (less is better)",
                series: &self.peers,
                groups: groups.collect(),
                most: 150.0,
            },
        )?;
        self.is_drawn = true;
        Ok(())
    }

    /// The runs of one kind of peer; empty if it took no part.
    fn runs_of<'r>(&self, kind: Kind, row: &'r [Vec<Run>]) -> &'r [Run] {
        let mut all = self.kinds.iter().zip(row);
        let found = all.find(|(of, _)| **of == kind);
        found.map_or(&[], |(_, runs)| runs)
    }

    /// The gateway's cost divided by this peer's, round by round.
    fn ratio(&self, row: &[Vec<Run>], runs: &[Run]) -> Spread {
        let ours = self.runs_of(Kind::Gateway, row);
        let rounds = ours.iter().zip(runs);
        Spread::of(rounds.map(|(ours, theirs)| ours.cost() / theirs.cost()))
    }

    /// The scenarios with `count` workers: their names and their runs by peer.
    fn with_workers(&self, count: usize) -> impl Iterator<Item = (&'static str, &[Vec<Run>])> {
        let all = self.scenarios.iter().zip(&self.runs);
        all.filter(move |(scenario, _)| scenario.setup.workers == count)
            .map(|(scenario, row)| (scenario.name, row.as_slice()))
    }

    fn rows(&self, row: &[Vec<Run>]) -> Vec<[String; 8]> {
        let cells = self.peers.iter().zip(&self.kinds).zip(row);
        let cells = cells.filter(|(_, runs)| !runs.is_empty());
        let cells = cells.map(|((peer, kind), runs)| {
            let ratio = if *kind == Kind::Gateway {
                "1".to_owned()
            } else {
                format!("{:.2}", self.ratio(row, runs))
            };
            [
                peer.clone(),
                format!("{:.1}", over(runs, Run::cost)),
                ratio,
                format!("{:.0}", over(runs, Run::rate)),
                format!("{:.2}", over(runs, |run| run.wait(0))),
                format!("{:.2}", over(runs, |run| run.wait(1))),
                format!("{:.2}", over(runs, |run| run.wait(2))),
                format!("{:.1}", over(runs, |run| mebibytes(run.memory.peak))),
            ]
        });
        cells.collect()
    }

    fn scenarios(&self) -> String {
        let tables = self.with_workers(1).map(|(name, row)| {
            let head = [
                name,
                "CPU µs a request",
                "gateway ÷ this",
                "requests/s",
                "p50 ms",
                "p99 ms",
                "p99.9 ms",
                "peak MiB",
            ];
            table(head, &self.rows(row)) + "\n"
        });
        tables.collect()
    }

    /// A row for each scenario with two workers: the gateway's cost, and that cost divided by
    /// nginx's and by HAProxy's.
    fn two_workers(&self) -> String {
        let rows = self.with_workers(2).map(|(name, row)| {
            let ours = self.runs_of(Kind::Gateway, row);
            let ratio = |kind| match self.runs_of(kind, row) {
                [] => NONE.to_owned(),
                theirs => format!("{:.2}", self.ratio(row, theirs)),
            };
            [
                name.to_owned(),
                format!("{:.1}", over(ours, Run::cost)),
                ratio(Kind::Nginx),
                ratio(Kind::Haproxy),
                format!("{:.0}", over(ours, Run::rate)),
            ]
        });
        let head = [
            "Two workers",
            "CPU µs a request",
            "gateway ÷ nginx",
            "gateway ÷ HAProxy",
            "requests/s",
        ];
        table(head, &rows.collect::<Vec<_>>()) + "\n"
    }

    fn others(&self) -> String {
        let peers = self.peers.iter().zip(&self.starts).zip(&self.calls);
        let rows: Vec<_> = peers
            .map(|((peer, starts), calls)| {
                let calls = calls.map_or("not counted".to_owned(), |calls| format!("{calls:.1}"));
                let start = format!("{:.0}", over(starts, |start| millis(*start)));
                [peer.clone(), start, calls]
            })
            .collect();
        table(
            ["", "start to first answer, ms", "system calls a request"],
            &rows,
        )
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rounds = self.runs.iter().flatten().map(Vec::len).max().unwrap_or(0);
        let missing = match self.missing.is_empty() {
            true => String::new(),
            false => format!("Not installed here: {}.\n", self.missing.join(", ")),
        };
        let plot = match self.is_drawn {
            true => format!("\n![Processor time of a request](plots/{PLOT})\n"),
            false => String::new(),
        };
        write!(
            f,
            "{}\n{missing}\
             {rounds} rounds, in which all take turns: the median (the lowest–the highest). The ratio is that of each round.\n\
             {plot}\n{}{}{}\n\
             - Each proxy has the first core to itself, whatever its workers; load and upstream share the\n  \
               second. Where the requests/s of all are alike, the second core is the limit, and the CPU tells them apart.\n\
             - Keep-alive on both sides, but for a connection for each, where the clients' side has none. Access logs are off\n  \
               unless said otherwise.\n\
             - HAProxy in TCP mode relays bytes without looking at them: what any proxy costs here at least.\n\
             - nginx: `proxy_request_buffering off`; for the menu `proxy_cache`, valid for as long as the run takes. The\n  \
               gateway's menu is fresh for 2 s, as it is shipped. The FastAPI one opens a client for each call.\n\
             - The gateway is as it is shipped: routing, request ids, traces, circuit breaker, limits of what is under way,\n  \
               deadlines, CORS; `GATEWAY_RATE_LIMIT=off`, since all clients are one address here.\n\
             - System calls are counted by strace in the first scenario; a proxy that is slowed down so much gathers less.\n",
            self.conditions,
            self.scenarios(),
            self.two_workers(),
            self.others(),
        )
    }
}
