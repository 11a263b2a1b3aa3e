//! The report of `growth`, which reads well as plain text and as Markdown.

use std::fmt::{self, Display};
use std::path::Path;

use super::series::Series;
use crate::Error;
use crate::markdown::table;
use crate::plot::{self, Lines};
use crate::proxy::peer::Peer;
use crate::report::Conditions;
use crate::stats::Spread;

pub(super) struct Report {
    conditions: Conditions,
    peers: Vec<String>,
    tables: Vec<Table>,
    is_drawn: bool,
}

struct Table {
    what: &'static str,
    sizes: &'static [usize],
    /// The costs by size, then by peer, one for each round.
    costs: Vec<Vec<Vec<f64>>>,
}

impl Report {
    pub(super) fn new(conditions: Conditions, peers: &[Peer], series: &[Series]) -> Self {
        let table = |series: &Series| Table {
            what: series.what,
            sizes: series.sizes,
            costs: vec![vec![Vec::new(); peers.len()]; series.sizes.len()],
        };
        Self {
            conditions,
            peers: peers.iter().map(|peer| peer.name().to_owned()).collect(),
            tables: series.iter().map(table).collect(),
            is_drawn: false,
        }
    }

    pub(super) fn add(&mut self, (table, row, column): (usize, usize, usize), cost: f64) {
        let row = self
            .tables
            .get_mut(table)
            .and_then(|table| table.costs.get_mut(row));
        if let Some(costs) = row.and_then(|row| row.get_mut(column)) {
            costs.push(cost);
        }
    }

    pub(super) fn draw(&mut self, folder: &Path) -> Result<(), Error> {
        for table in &self.tables {
            let points = |column: usize| {
                let sizes = table.sizes.iter().zip(&table.costs);
                let point = |(size, row): (&usize, &Vec<Vec<f64>>)| {
                    Some((*size as f64, spread(row, column)?.median))
                };
                sizes.filter_map(point).collect()
            };
            plot::lines(
                &folder.join(table.file()),
                &Lines {
                    title: "Processor time of a request, µs",
                    what: table.what,
                    series: self
                        .peers
                        .iter()
                        .cloned()
                        .enumerate()
                        .map(|(column, peer)| (peer, points(column)))
                        .collect(),
                },
            )?;
        }
        self.is_drawn = true;
        Ok(())
    }

    fn text(&self, table: &Table) -> String {
        let plot = match self.is_drawn {
            true => format!("\n![{}](plots/{})\n", table.what, table.file()),
            false => String::new(),
        };
        format!("{}{plot}\n", table.text(&self.peers))
    }
}

impl Table {
    fn file(&self) -> String {
        format!("growth-{}.svg", self.what.replace(' ', "-"))
    }

    /// A row for each size: the gateway's cost, nginx's cost, and the ratio of the two.
    fn text(&self, peers: &[String]) -> String {
        let name = |column: usize| peers.get(column).map_or("", String::as_str);
        let rows: Vec<_> = self
            .sizes
            .iter()
            .zip(&self.costs)
            .map(|(size, row)| {
                let told =
                    |column| spread(row, column).map_or(String::new(), |cost| format!("{cost:.1}"));
                let pairs = row
                    .first()
                    .into_iter()
                    .flatten()
                    .zip(row.get(1).into_iter().flatten());
                let ratio = Spread::of(pairs.map(|(ours, theirs)| ours / theirs));
                [size.to_string(), told(0), told(1), format!("{ratio:.2}")]
            })
            .collect();
        table([self.what, name(0), name(1), "gateway ÷ nginx"], &rows)
    }
}

fn spread(row: &[Vec<f64>], column: usize) -> Option<Spread> {
    let costs = row.get(column).filter(|costs| !costs.is_empty())?;
    Some(Spread::of(costs.iter().copied()))
}

impl Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rounds = self
            .tables
            .iter()
            .flat_map(|table| &table.costs)
            .flatten()
            .map(Vec::len)
            .max();
        let texts: String = self.tables.iter().map(|table| self.text(table)).collect();
        write!(
            f,
            "{}\n\
             {} rounds, in which both take turns: processor time of a request in µs, the median (the lowest–the highest).\n\
             \n{texts}\
             - Measured as above: GET, an answer of 1 KiB, 64 connections, one worker, but for what grows.\n\
             - Routes are the gateway's own and so many more; nginx has as many exact `location`s. 20 of them, spread over the\n  \
               table, are asked for in turn.\n",
            self.conditions,
            rounds.unwrap_or(0),
        )
    }
}
