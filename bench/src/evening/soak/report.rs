//! The report of `soak`.

use std::collections::BTreeMap;
use std::fmt::{self, Display};
use std::time::Duration;

use super::super::ledger::Ledger;
use super::super::staff::SETTLE;
use super::{GROWTH, IDLE, IDLE_FOR, ORDERS_PER_SECOND};
use crate::Error;
use crate::report::markdown::table;
use crate::report::mebibytes;

/// How many orders of each status are named.
const NAMED: usize = 5;

pub(super) struct Report {
    pub(super) minutes: u64,
    pub(super) acts: Vec<&'static str>,
    /// How long after the last order all were handed over, or `None` if they were not.
    pub(super) settled: Option<Duration>,
    /// Accepted orders that are not where they should be, by their status.
    pub(super) strays: BTreeMap<String, Vec<String>>,
    pub(super) ledger: Ledger,
    pub(super) sizes: Vec<Size>,
}

/// The size and load of one process.
pub(super) struct Size {
    pub(super) name: &'static str,
    /// The fraction of a core that it used.
    pub(super) cpu: f64,
    /// Resident bytes.
    pub(super) before: u64,
    pub(super) after: u64,
}

impl Size {
    pub(super) fn is_idle(&self) -> bool {
        self.cpu <= IDLE
    }

    fn growth(&self) -> f64 {
        self.after as f64 / self.before.max(1) as f64
    }

    pub(super) fn is_settled(&self) -> bool {
        self.is_idle() && self.growth() <= GROWTH
    }
}

impl Report {
    fn sizes_table(&self) -> String {
        let rows = self.sizes.iter().map(|size| {
            [
                size.name.to_owned(),
                format!("{:.1}", size.cpu * 100.0),
                format!("{:.1}", mebibytes(size.before)),
                format!("{:.1}", mebibytes(size.after)),
                format!("{:+.0}", (size.growth() - 1.0) * 100.0),
            ]
        });
        let head = ["Afterwards", "% of a core", "MiB before", "MiB after", "%"];
        table(&head, rows)
    }
}

impl crate::report::Report for Report {
    /// # Errors
    /// Not all is right again; the error says what.
    fn verdict(&self) -> Result<(), Error> {
        let mut wrong = Vec::new();
        for (status, ids) in &self.strays {
            let some: Vec<_> = ids.iter().take(NAMED).map(String::as_str).collect();
            let (count, some) = (ids.len(), some.join(", "));
            wrong.push(format!("{count} orders answered 201 are {status}: {some}"));
        }
        if self.settled.is_none() {
            let (left, limit) = (self.ledger.left(), SETTLE.as_secs());
            wrong.push(format!(
                "{left} orders were not handed over {limit} s after the last one"
            ));
        }
        for size in &self.sizes {
            let (name, percent) = (size.name, size.cpu * 100.0);
            if !size.is_idle() {
                wrong.push(format!("{name} is not idle: {percent:.1} % of a core"));
            }
            if size.growth() > GROWTH {
                let (before, after) = (mebibytes(size.before), mebibytes(size.after));
                wrong.push(format!(
                    "{name} has grown from {before:.1} to {after:.1} MiB"
                ));
            }
        }
        match wrong.is_empty() {
            true => Ok(()),
            false => Err(format!("not all is right again:\n- {}", wrong.join("\n- ")).into()),
        }
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let waits = &self.ledger.waits;
        let refused = self.ledger.refused.iter();
        let refused: Vec<_> = refused
            .map(|(why, count)| format!("{why}: {count}"))
            .collect();
        let refused = match refused.is_empty() {
            true => "none".to_owned(),
            false => refused.join(", "),
        };
        let settled = match self.settled {
            Some(settled) => format!(
                "all of them handed over {} s after the last one",
                settled.as_secs()
            ),
            None => format!("{} of them never handed over", self.ledger.left()),
        };
        let lost: usize = self.strays.values().map(Vec::len).sum();
        write!(
            f,
            "{} minutes of {ORDERS_PER_SECOND} orders a second, in which {}.\n\
             \n{}\n\
             - Orders answered 201: {}, in {:.1} ms (median; p99 {:.0} ms); {settled}.\n\
             - Of these not listed as handed over in the end: {lost}.\n\
             - Refused: {refused}.\n\
             - Idle is at most {} % of a core over {} s. A process may be {:.0} % larger than after the first orders.\n",
            self.minutes,
            self.acts.join(", "),
            self.sizes_table(),
            self.ledger.accepted(),
            waits.ms(50.0),
            waits.ms(99.0),
            IDLE * 100.0,
            IDLE_FOR.as_secs(),
            (GROWTH - 1.0) * 100.0,
        )
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use super::{Ledger, Report, Size};
    use crate::report::{MIB, Report as _};

    fn report(size: Size) -> Report {
        Report {
            minutes: 1,
            acts: vec!["the kitchen is killed"],
            settled: Some(Duration::ZERO),
            strays: BTreeMap::new(),
            ledger: Ledger::default(),
            sizes: vec![size],
        }
    }

    fn size(cpu: f64, after: u64) -> Size {
        Size {
            name: "gateway",
            cpu,
            before: 10 * MIB,
            after,
        }
    }

    #[test]
    fn a_process_that_is_idle_and_no_larger_passes() {
        assert!(report(size(0.03, 12 * MIB)).verdict().is_ok());
    }

    #[test]
    fn everything_that_is_wrong_is_named() {
        let told = |report: &Report| report.verdict().unwrap_err().to_string();
        assert!(told(&report(size(0.04, MIB))).contains("gateway is not idle: 4.0 %"));
        let grown = told(&report(size(0.0, 13 * MIB)));
        assert!(
            grown.contains("gateway has grown from 10.0 to 13.0 MiB"),
            "{grown}"
        );
        let mut lost = report(size(0.0, MIB));
        lost.strays.insert("PRETE".to_owned(), vec!["a".to_owned()]);
        assert!(told(&lost).contains("1 orders answered 201 are PRETE: a"));
        let mut waiting = report(size(0.0, MIB));
        waiting.settled = None;
        waiting.ledger.accept("a".to_owned(), Duration::ZERO);
        assert!(told(&waiting).contains("1 orders were not handed over"));
    }
}
