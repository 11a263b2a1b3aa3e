//! The report of `orders`, which reads well as plain text and as Markdown.

use std::collections::BTreeMap;
use std::fmt::{self, Display};
use std::time::Duration;

use crate::Error;
use crate::disk::Syncs;
use crate::load::Outcome;
use crate::markdown::table;
use crate::report::{Conditions, micros, millis};
use crate::stats::{Spread, median_and_p99, over};

use super::{DOWN, UP};

/// A name with the figures of each round.
type Row<T> = (&'static str, Vec<T>);

pub(crate) struct Report {
    pub(crate) conditions: Conditions,
    /// The number of rounds and their length.
    pub(crate) length: String,
    pub(crate) disk: [Row<Syncs>; 2],
    pub(crate) orders: [Row<Run>; 6],
    /// How many events the peers that are up have received.
    pub(crate) events: u64,
}

/// One load on one service.
pub(crate) struct Run {
    per_second: f64,
    median: Duration,
    p99: Duration,
    /// The service's processor time for one order.
    cpu: Duration,
    /// Orders answered 201, those of the warm-up included.
    accepted: usize,
    /// Orders listed after the restart.
    kept: usize,
    refused: BTreeMap<String, u64>,
}

impl Run {
    /// Takes the figures from `outcome`; from `warm_up` only the counts of accepted and refused
    /// orders.
    pub(crate) fn new(outcome: Outcome, mut warm_up: Outcome, cpu: Duration, kept: usize) -> Self {
        let count = outcome.accepted.len();
        let accepted = warm_up.accepted.len() + count;
        warm_up.refuse_all(outcome.refused);
        let (median, p99) = median_and_p99(outcome.accepted);
        Self {
            per_second: count as f64 / outcome.elapsed.as_secs_f64(),
            median,
            p99,
            cpu: cpu.div_f64(count.max(1) as f64),
            accepted,
            kept,
            refused: warm_up.refused,
        }
    }
}

impl Report {
    /// # Errors
    /// An order was refused, or an accepted one is gone.
    pub(crate) fn verdict(&self) -> Result<(), Error> {
        if self.runs().any(|run| !run.refused.is_empty()) {
            return Err("orders were refused".into());
        }
        if self.runs().any(|run| run.accepted != run.kept) {
            return Err("the number of orders kept is not the number accepted".into());
        }
        Ok(())
    }

    fn runs(&self) -> impl Iterator<Item = &Run> {
        self.orders.iter().flat_map(|(_, runs)| runs)
    }

    fn disk_table(&self) -> String {
        let rows = self.disk.each_ref().map(|(way, rounds)| {
            [
                (*way).to_owned(),
                format!("{:.0}", over(rounds, |syncs| syncs.per_second)),
                format!("{:.0}", over(rounds, |syncs| micros(syncs.median))),
                format!("{:.0}", over(rounds, |syncs| micros(syncs.p99))),
            ]
        });
        table(
            ["The disk alone", "per second", "median µs", "p99 µs"],
            &rows,
        )
    }

    fn orders_table(&self) -> String {
        let rows = self.orders.each_ref().map(|(connections, rounds)| {
            let refused: u64 = rounds.iter().flat_map(|run| run.refused.values()).sum();
            [
                (*connections).to_owned(),
                format!("{:.0}", over(rounds, |run| run.per_second)),
                format!("{:.2}", over(rounds, |run| millis(run.median))),
                format!("{:.2}", over(rounds, |run| millis(run.p99))),
                format!("{:.0}", over(rounds, |run| micros(run.cpu))),
                refused.to_string(),
            ]
        });
        let head = [
            "Connections",
            "orders/s",
            "median ms",
            "p99 ms",
            "CPU µs/order",
            "refused",
        ];
        table(head, &rows)
    }

    /// The figure with both peers down, divided by that with both up, round by round.
    fn ratio(&self, figure: impl Fn(&Run) -> Duration) -> Spread {
        let rounds = |wanted| {
            let rows = self.orders.iter().filter(move |(name, _)| *name == wanted);
            rows.flat_map(|(_, rounds)| rounds)
        };
        let pairs = rounds(DOWN).zip(rounds(UP));
        Spread::of(pairs.map(|(down, up)| micros(figure(down)) / micros(figure(up))))
    }

    fn write_refused(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, rounds) in &self.orders {
            for (why, count) in rounds.iter().flat_map(|run| &run.refused) {
                writeln!(f, "- Refused with {name}: {count} × {why}")?;
            }
        }
        Ok(())
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (conditions, length, events) = (&self.conditions, &self.length, self.events);
        let (disk, orders) = (self.disk_table(), self.orders_table());
        let (median, p99) = (self.ratio(|run| run.median), self.ratio(|run| run.p99));
        let accepted: usize = self.runs().map(|run| run.accepted).sum();
        let kept: usize = self.runs().map(|run| run.kept).sum();
        write!(
            f,
            "{conditions}\n\
             {length}: the median of the rounds (the lowest–the highest).\n\
             \n{disk}\n\
             `POST /commandes` of order-service, SQLite with `synchronous=FULL`:\n\
             \n{orders}\n\
             - Kitchen and delivery down against up: median × {median:.2}, p99 × {p99:.2}.\n\
             - The peers that were up received {events} events.\n\
             - Answered 201: {accepted}; listed after `kill -9` and a restart: {kept}.\n\
             - The load generator and the peers share the cores with the service.\n\
             - Each load has a service and a database of its own; its access log is off.\n"
        )?;
        self.write_refused(f)
    }
}
