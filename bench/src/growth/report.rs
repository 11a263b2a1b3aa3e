//! The report of `growth`.

use std::fmt::{self, Display};
use std::path::Path;

use super::Series;
use crate::Error;
use crate::proxy::peer::{Kind, Peer};
use crate::proxy::runs::Runs;
use crate::report::markdown::table;
use crate::report::plot::{self, Lines};

pub(super) struct Report {
    pub(super) rounds: u64,
    /// The gateway, then nginx if it is installed.
    pub(super) peers: Vec<Peer>,
    pub(super) series: [Series; 5],
    pub(super) runs: Runs,
    pub(super) is_drawn: bool,
}

impl Report {
    pub(super) fn draw(&mut self, folder: &Path) -> Result<(), Error> {
        for series in &self.series {
            let lines = self.peers.iter().map(|peer| {
                let point = |size: &usize| {
                    let cost = self.runs.cost(series.case(*size, peer.kind()))?;
                    Some((*size as f64, cost.median))
                };
                let points = series.sizes.iter().filter_map(point).collect();
                (peer.name().to_owned(), points)
            });
            let lines = Lines {
                title: "Processor time of a request, µs",
                what: series.what,
                series: lines.collect(),
            };
            plot::lines(&folder.join(file(series)), &lines)?;
        }
        self.is_drawn = true;
        Ok(())
    }

    /// A row for each size: the gateway's cost, nginx's cost, and the ratio of the two.
    fn table(&self, series: &Series) -> String {
        let name = |number: usize| self.peers.get(number).map_or("", Peer::name);
        let rows = series.sizes.iter().map(|size| {
            let cost = |peer| {
                let cost = self.runs.cost(series.case(*size, peer));
                cost.map_or(String::new(), |cost| format!("{cost:.1}"))
            };
            let ratio = self.runs.ratio(series.case(*size, Kind::Nginx));
            [
                size.to_string(),
                cost(Kind::Gateway),
                cost(Kind::Nginx),
                format!("{ratio:.2}"),
            ]
        });
        table(&[series.what, name(0), name(1), "gateway ÷ nginx"], rows)
    }
}

/// The plot's file name.
fn file(series: &Series) -> String {
    format!("growth-{}.svg", series.what.replace(' ', "-"))
}

impl crate::report::Report for Report {}

impl Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rounds = self.rounds;
        writeln!(
            f,
            "{rounds} rounds, in which both take turns: processor time of a request in µs, the median (the lowest–the highest).\n"
        )?;
        for series in &self.series {
            writeln!(f, "{}", self.table(series))?;
            if self.is_drawn {
                writeln!(f, "![{}](plots/{})\n", series.what, file(series))?;
            }
        }
        write!(
            f,
            "- Measured as above: GET, an answer of 1 KiB, 64 connections, one worker, but for what grows.\n\
             - Routes are the gateway's own and so many more; nginx has as many exact `location`s. 20 of them, spread over the\n  \
               table, are asked for in turn.\n"
        )
    }
}
