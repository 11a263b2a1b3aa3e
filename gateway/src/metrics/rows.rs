//! The counters of each row of a route table.

use prometheus::{Histogram, HistogramVec, IntCounter, IntCounterVec, Registry};

use super::gone::{Known, retain};
use super::labels::{ByClass, Outcome, PLANNED};
use super::{REQUEST_SECONDS, REQUESTS, counters, histograms};

/// The label of requests that matched no row.
const NONE: &str = "-";

pub(crate) struct Rows {
    rows: Vec<Row>,
    unmatched: Row,
}

pub(crate) struct Row {
    by_class: ByClass,
    /// Refused for an announced closure.
    planned: IntCounter,
    seconds: Histogram,
    bytes: IntCounter,
    unfinished: [IntCounter; 3],
}

/// How a request ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ended {
    pub(crate) status: u16,
    /// Whether an announced closure refused it.
    pub(crate) is_planned: bool,
    pub(crate) seconds: f64,
    /// Bytes of the answer's body.
    pub(crate) bytes: u64,
    pub(crate) outcome: Outcome,
}

impl Rows {
    /// Counts a request of the row `number`, or one without a row.
    pub(crate) fn count(&self, number: Option<usize>, ended: Ended) {
        let row = number.and_then(|number| self.rows.get(number));
        row.unwrap_or(&self.unmatched).count(ended);
    }
}

impl Row {
    fn count(&self, ended: Ended) {
        match ended.is_planned {
            true => self.planned.inc(),
            false => self.by_class.count(ended.status),
        }
        self.seconds.observe(ended.seconds);
        self.bytes.inc_by(ended.bytes);
        let [gone, draining, broken] = &self.unfinished;
        match ended.outcome {
            Outcome::Complete => {}
            Outcome::Gone => gone.inc(),
            Outcome::Draining => draining.inc(),
            Outcome::Broken => broken.inc(),
        }
    }
}

/// The metric families, with a series for each row.
pub(crate) struct RowFamilies {
    requests: IntCounterVec,
    seconds: HistogramVec,
    bytes: IntCounterVec,
    unfinished: IntCounterVec,
}

impl RowFamilies {
    /// The counters of the rows with these methods and paths, in the order of the route table.
    pub(crate) fn of<'r>(
        &self,
        rows: impl Iterator<Item = (&'r str, &'r str)>,
    ) -> prometheus::Result<Rows> {
        let rows = rows.map(|(method, path)| self.row(method, path));
        Ok(Rows {
            rows: rows.collect::<Result<_, _>>()?,
            unmatched: self.row(NONE, NONE)?,
        })
    }

    pub(super) fn retain(&self, known: &Known<'_>) {
        let keeps = |label: &dyn Fn(&str) -> String| {
            let (method, path) = (label("method"), label("route"));
            path == NONE || known.rows.contains(&(&*method, &*path))
        };
        retain(&self.requests, keeps);
        retain(&self.seconds, keeps);
        retain(&self.bytes, keeps);
        retain(&self.unfinished, keeps);
    }

    pub(super) fn register(registry: &Registry) -> prometheus::Result<Self> {
        let of_row = ["method", "route"];
        Ok(Self {
            requests: counters(
                registry,
                REQUESTS,
                "Requests that have ended, by the class of their status; `planned` for those that an announced closure refused.",
                &["method", "route", "status"],
            )?,
            seconds: histograms(
                registry,
                REQUEST_SECONDS,
                "From a request's head to the last byte of its answer.",
                &of_row,
            )?,
            bytes: counters(
                registry,
                "gateway_response_body_bytes_total",
                "Bytes of answers' bodies.",
                &of_row,
            )?,
            unfinished: counters(
                registry,
                "gateway_requests_unfinished_total",
                "Requests whose answer did not reach its end, by the reason.",
                &["method", "route", "reason"],
            )?,
        })
    }

    fn row(&self, method: &str, path: &str) -> prometheus::Result<Row> {
        let of = |vec: &IntCounterVec, last: &str| {
            vec.get_metric_with_label_values(&[method, path, last])
        };
        let unfinished = |outcome: Outcome| of(&self.unfinished, outcome.as_str());
        Ok(Row {
            by_class: ByClass::new(|class| of(&self.requests, class))?,
            planned: of(&self.requests, PLANNED)?,
            seconds: self.seconds.get_metric_with_label_values(&[method, path])?,
            bytes: self.bytes.get_metric_with_label_values(&[method, path])?,
            unfinished: [
                unfinished(Outcome::Gone)?,
                unfinished(Outcome::Draining)?,
                unfinished(Outcome::Broken)?,
            ],
        })
    }
}
