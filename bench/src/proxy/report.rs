//! What `proxy` found, as text that is Markdown as well.

use std::fmt::{self, Display};

use super::Run;
use super::peer::Peer;
use super::scenario::Scenario;
use crate::markdown::table;
use crate::report::{Conditions, mebibytes, micros, millis};
use crate::stats::{Spread, over};

pub(super) struct Report {
    conditions: Conditions,
    peers: Vec<String>,
    gateway: usize,
    scenarios: Vec<&'static str>,
    /// By scenario, then by peer, once each round.
    runs: Vec<Vec<Vec<Run>>>,
}

impl Run {
    /// Processor time of the proxy for a request, in µs.
    fn cost(&self) -> f64 {
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
        scenarios: &[&'static Scenario],
    ) -> Self {
        let none = || peers.iter().map(|_| Vec::new()).collect();
        Self {
            conditions,
            peers: peers.iter().map(|peer| peer.name().to_owned()).collect(),
            gateway: peers.iter().position(Peer::is_gateway).unwrap_or_default(),
            scenarios: scenarios.iter().map(|scenario| scenario.name).collect(),
            runs: scenarios.iter().map(|_| none()).collect(),
        }
    }

    pub(super) fn add(&mut self, scenario: usize, peer: usize, run: Run) {
        let row = self.runs.get_mut(scenario);
        if let Some(runs) = row.and_then(|row| row.get_mut(peer)) {
            runs.push(run);
        }
    }

    /// The gateway's cost as a multiple of this one's, round by round.
    fn ratio(&self, row: &[Vec<Run>], runs: &[Run]) -> Spread {
        let ours = row.get(self.gateway).map(Vec::as_slice).unwrap_or_default();
        let rounds = ours.iter().zip(runs);
        Spread::of(rounds.map(|(ours, theirs)| ours.cost() / theirs.cost()))
    }

    fn rows(&self, name: &str, row: &[Vec<Run>]) -> Vec<[String; 8]> {
        let cells = self.peers.iter().zip(row).enumerate();
        let cells = cells.filter(|(_, (_, runs))| !runs.is_empty());
        let cells = cells.map(|(index, (peer, runs))| {
            let ratio = if index == self.gateway {
                "1".to_owned()
            } else {
                format!("{:.2}", self.ratio(row, runs))
            };
            [
                format!("{name}: {peer}"),
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
}

impl Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rounds = self.runs.iter().flatten().map(Vec::len).max().unwrap_or(0);
        let names = self.scenarios.iter().zip(&self.runs);
        let rows: Vec<_> = names.flat_map(|(name, row)| self.rows(name, row)).collect();
        let head = [
            "Scenario: who",
            "CPU µs a request",
            "gateway ÷ this",
            "requests/s",
            "p50 ms",
            "p99 ms",
            "p99.9 ms",
            "peak MiB",
        ];
        write!(
            f,
            "{}\n\
             {rounds} rounds, in which all take turns: the median (the lowest–the highest). The ratio is that of each round.\n\
             \n{}\n\
             - Each proxy has the first core to itself, with so many workers; load and upstream share the second. Where the\n  \
               requests/s of all are alike, the second core is the limit, and the CPU tells them apart.\n\
             - Keep-alive on both sides, but for a connection for each, where the clients' side has none. Access logs are off.\n\
             - HAProxy in TCP mode relays bytes without looking at them: what any proxy costs here at least.\n\
             - nginx: `proxy_request_buffering off`, and for the menu `proxy_cache`, valid for as long as the run takes. The\n  \
               gateway's menu is fresh for 2 s, as it is shipped.\n\
             - The gateway is as it is shipped: routing, request ids, traces, circuit breaker, limits of what is under way,\n  \
               deadlines, CORS; `GATEWAY_RATE_LIMIT=off`, since all clients are one address here.\n",
            self.conditions,
            table(head, &rows)
        )
    }
}
