//! The report of `proxy`.

use std::fmt::{self, Display};
use std::path::Path;
use std::time::Duration;

use super::peer::{Kind, Peer};
use super::runs::{Run, Runs};
use super::scenario::Scenario;
use crate::Error;
use crate::report::markdown::table;
use crate::report::plot::{self, Bars};
use crate::report::stats::over;
use crate::report::{mebibytes, millis};

pub(super) struct Report {
    pub(super) peers: Vec<Peer>,
    pub(super) missing: Vec<&'static str>,
    pub(super) scenarios: Vec<Scenario>,
    pub(super) runs: Runs,
    /// The times to the first answer.
    pub(super) starts: Vec<(Kind, Vec<Duration>)>,
    /// System calls for a request.
    pub(super) calls: Vec<(Kind, f64)>,
    pub(super) is_drawn: bool,
}

/// The plot's file name.
const PLOT: &str = "proxy.svg";

impl Report {
    /// Draws what a request costs each peer. Bars that would leave no room for the others are cut.
    pub(super) fn draw(&mut self, folder: &Path) -> Result<(), Error> {
        let peers = || self.peers.iter();
        let names: Vec<_> = peers().map(|peer| peer.name().to_owned()).collect();
        let groups = self.with_workers(1).map(|scenario| {
            let cost = |peer: &Peer| Some(self.runs.cost(scenario.case(peer.kind()))?.median);
            (scenario.name.to_owned(), peers().map(cost).collect())
        });
        let bars = Bars {
            title: "Processor time of a request, µs (less is better)",
            series: &names,
            groups: groups.collect(),
            most: 150.0,
        };
        plot::bars(&folder.join(PLOT), &bars)?;
        self.is_drawn = true;
        Ok(())
    }

    fn with_workers(&self, count: usize) -> impl Iterator<Item = &Scenario> {
        let all = self.scenarios.iter();
        all.filter(move |scenario| scenario.setup.workers == count)
    }

    /// The table of one scenario, with a row for each peer that took part.
    fn scenario(&self, scenario: &Scenario) -> String {
        let rows = self.peers.iter().filter_map(|peer| {
            let case = scenario.case(peer.kind());
            let (cost, runs) = (self.runs.cost(case)?, self.runs.of(case));
            let ratio = match peer.kind() {
                Kind::Gateway => "1".to_owned(),
                _ => format!("{:.2}", self.runs.ratio(case)),
            };
            Some([
                peer.name().to_owned(),
                format!("{cost:.1}"),
                ratio,
                format!("{:.0}", over(runs, Run::rate)),
                format!("{:.2}", over(runs, |run| run.waits[0])),
                format!("{:.2}", over(runs, |run| run.waits[1])),
                format!("{:.2}", over(runs, |run| run.waits[2])),
                format!("{:.1}", over(runs, |run| mebibytes(run.memory.peak))),
            ])
        });
        let head = [
            scenario.name,
            "CPU µs a request",
            "gateway ÷ this",
            "requests/s",
            "p50 ms",
            "p99 ms",
            "p99.9 ms",
            "peak MiB",
        ];
        table(&head, rows) + "\n"
    }

    /// A row for each scenario with two workers: the gateway's cost, and that cost divided by
    /// nginx's and by HAProxy's.
    fn two_workers(&self) -> String {
        let rows = self.with_workers(2).map(|scenario| {
            let ratio = |peer| match self.runs.of(scenario.case(peer)) {
                [] => "–".to_owned(),
                _ => format!("{:.2}", self.runs.ratio(scenario.case(peer))),
            };
            let ours = self.runs.of(scenario.case(Kind::Gateway));
            [
                scenario.name.to_owned(),
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
        table(&head, rows) + "\n"
    }

    fn others(&self) -> String {
        let rows = self
            .peers
            .iter()
            .zip(&self.starts)
            .map(|(peer, (_, starts))| {
                let calls = self.calls.iter().find(|(of, _)| *of == peer.kind());
                [
                    peer.name().to_owned(),
                    format!("{:.0}", over(starts, |start| millis(*start))),
                    calls.map_or("not counted".to_owned(), |(_, count)| format!("{count:.1}")),
                ]
            });
        let head = ["", "start to first answer, ms", "system calls a request"];
        table(&head, rows)
    }
}

impl crate::report::Report for Report {}

impl Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rounds = self.starts.first().map_or(0, |(_, starts)| starts.len());
        let scenarios: String = self.with_workers(1).map(|it| self.scenario(it)).collect();
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
            "{missing}\
             {rounds} rounds, in which all take turns: the median (the lowest–the highest). The ratio is that of each round.\n\
             {plot}\n{scenarios}{}{}\n\
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
            self.two_workers(),
            self.others(),
        )
    }
}
