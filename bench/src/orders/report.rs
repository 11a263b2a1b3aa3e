//! The report of `orders`.

use std::fmt::{self, Display};
use std::time::Duration;

use super::disk::Syncs;
use super::load::Outcome;
use super::{DOWN, UP};
use crate::Error;
use crate::report::markdown::{rounds_table, table};
use crate::report::micros;
use crate::report::stats::{Spread, over};

/// A name with the figures of each round.
type Row<T> = (&'static str, Vec<T>);

pub(super) struct Report {
    /// The number of rounds and their length.
    pub(super) length: String,
    pub(super) disk: [Row<Syncs>; 2],
    pub(super) orders: [Row<Run>; 6],
    /// How many events the peers that are up have received.
    pub(super) events: u64,
}

/// One load on one service.
pub(super) struct Run {
    pub(super) warm_up: Outcome,
    pub(super) outcome: Outcome,
    /// The service's processor time.
    pub(super) cpu: Duration,
    /// Orders listed after the restart.
    pub(super) kept: u64,
}

impl Run {
    fn per_second(&self) -> f64 {
        self.outcome.accepted.count() as f64 / self.outcome.elapsed.as_secs_f64()
    }

    /// The service's processor time for one order, in µs.
    fn cost(&self) -> f64 {
        micros(self.cpu) / self.outcome.accepted.count().max(1) as f64
    }

    /// Orders answered 201, those of the warm-up included.
    fn accepted(&self) -> u64 {
        self.warm_up.accepted.count() + self.outcome.accepted.count()
    }

    fn refused(&self) -> impl Iterator<Item = (&String, &u64)> {
        self.warm_up.refused.iter().chain(&self.outcome.refused)
    }
}

impl Report {
    fn runs(&self) -> impl Iterator<Item = &Run> {
        self.orders.iter().flat_map(|(_, runs)| runs)
    }

    fn orders_table(&self) -> String {
        let rows = self.orders.each_ref().map(|(connections, rounds)| {
            let refused: u64 = rounds.iter().flat_map(Run::refused).map(|it| it.1).sum();
            [
                (*connections).to_owned(),
                format!("{:.0}", over(rounds, Run::per_second)),
                format!("{:.2}", over(rounds, |run| run.outcome.accepted.ms(50.0))),
                format!("{:.2}", over(rounds, |run| run.outcome.accepted.ms(99.0))),
                format!("{:.0}", over(rounds, Run::cost)),
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
        table(&head, rows)
    }

    /// A percentile with both peers down, divided by that with both up, round by round.
    fn ratio(&self, percent: f64) -> Spread {
        let rounds = |wanted| {
            let rows = self.orders.iter().filter(move |(name, _)| *name == wanted);
            let rounds = rows.flat_map(|(_, rounds)| rounds);
            rounds.map(|run| run.outcome.accepted.ms(percent))
        };
        Spread::of(rounds(DOWN).zip(rounds(UP)).map(|(down, up)| down / up))
    }
}

impl crate::report::Report for Report {
    /// # Errors
    /// An order was refused, or an accepted one is gone.
    fn verdict(&self) -> Result<(), Error> {
        if self.runs().any(|run| run.refused().next().is_some()) {
            return Err("orders were refused".into());
        }
        if self.runs().any(|run| run.accepted() != run.kept) {
            return Err("the number of orders kept is not the number accepted".into());
        }
        Ok(())
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (length, events, orders) = (&self.length, self.events, self.orders_table());
        let disk = rounds_table(
            "The disk alone",
            &self.disk,
            &[
                ("per second", 0, |syncs| syncs.per_second),
                ("median µs", 0, |syncs| syncs.waits.ms(50.0) * 1e3),
                ("p99 µs", 0, |syncs| syncs.waits.ms(99.0) * 1e3),
            ],
        );
        let (median, p99) = (self.ratio(50.0), self.ratio(99.0));
        let accepted: u64 = self.runs().map(Run::accepted).sum();
        let kept: u64 = self.runs().map(|run| run.kept).sum();
        write!(
            f,
            "{length}: the median of the rounds (the lowest–the highest).\n\
             \n{disk}\n\
             `POST /commandes` of order-service, SQLite with `synchronous=FULL`:\n\
             \n{orders}\n\
             - Kitchen and delivery down against up: median × {median:.2}, p99 × {p99:.2}.\n\
             - The peers that were up received {events} events.\n\
             - Answered 201: {accepted}; listed after `kill -9` and a restart: {kept}.\n\
             - The load generator and the peers share the cores with the service.\n\
             - Each load has a service and a database of its own; its access log is off.\n"
        )?;
        for (name, rounds) in &self.orders {
            for (why, count) in rounds.iter().flat_map(Run::refused) {
                writeln!(f, "- Refused with {name}: {count} × {why}")?;
            }
        }
        Ok(())
    }
}
