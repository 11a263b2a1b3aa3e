//! The report of `lists`, which reads well as plain text and as Markdown.

use std::fmt::{self, Display};
use std::time::Duration;

use crate::markdown::table;
use crate::report::{Conditions, mebibytes, millis};
use crate::stats::median_and_p99;

pub(super) struct Report {
    pub(super) conditions: Conditions,
    pub(super) rounds: u32,
    pub(super) open: u64,
    pub(super) at_once: usize,
    pub(super) sizes: Vec<Size>,
}

pub(super) struct Size {
    pub(super) orders: u64,
    /// The length of one list.
    pub(super) bytes: usize,
    pub(super) alone: Vec<Duration>,
    pub(super) together: Vec<Duration>,
    /// How long each order took that was placed meanwhile.
    pub(super) placed: Vec<Duration>,
    /// Resident memory after the lists that were read alone, and its peak over the whole run.
    pub(super) before: u64,
    pub(super) peak: u64,
}

impl Report {
    fn table(&self) -> String {
        let rows: Vec<_> = self.sizes.iter().map(Size::row).collect();
        let head = [
            "Orders",
            "KiB",
            "median ms",
            "p99 ms",
            "12: median ms",
            "12: p99 ms",
            "an order: p99 ms",
            "MiB after",
            "MiB at most",
        ];
        table(head, &rows)
    }
}

impl Size {
    fn row(&self) -> [String; 9] {
        let figures = |times: &Vec<Duration>| {
            let (median, p99) = median_and_p99(times.clone());
            (
                format!("{:.1}", millis(median)),
                format!("{:.1}", millis(p99)),
            )
        };
        let (alone, together) = (figures(&self.alone), figures(&self.together));
        [
            self.orders.to_string(),
            (self.bytes / 1024).to_string(),
            alone.0,
            alone.1,
            together.0,
            together.1,
            figures(&self.placed).1,
            format!("{:.1}", mebibytes(self.before)),
            format!("{:.1}", mebibytes(self.peak)),
        ]
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            conditions,
            rounds,
            open,
            at_once,
            ..
        } = self;
        let table = self.table();
        write!(
            f,
            "{conditions}\n\
             `GET /commandes` of order-service on SQLite, {rounds} times alone, then by {at_once} connections at once, {rounds} \
             times each:\n\
             \n{table}\n\
             - {open} orders are open, spread over all; the others are delivered. A list holds the open ones and the newest\n  \
               1,000 of the others, each of three lines.\n\
             - An order: one `POST /commandes` every 50 ms beside the {at_once}.\n\
             - Memory is the service's (`VmRSS`, `VmHWM`). Bench and service share the cores.\n"
        )
    }
}
