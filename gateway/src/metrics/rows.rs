//! What is counted of each row of the route table.

use prometheus::{
    Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, Opts, Registry,
};

use super::labels::{CLASSES, Outcome, class};
use super::{BUCKETS, REQUEST_SECONDS, REQUESTS, register};
use crate::route::RouteTable;

/// What the labels say where a request matched no row.
const NONE: &str = "-";

pub(crate) struct Rows {
    rows: Vec<Row>,
    unmatched: Row,
}

pub(crate) struct Row {
    by_class: [IntCounter; 5],
    seconds: Histogram,
    bytes: IntCounter,
    unfinished: [IntCounter; 2],
}

/// How a request ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ended {
    pub(crate) status: u16,
    pub(crate) seconds: f64,
    /// Of the answer's body.
    pub(crate) bytes: u64,
    pub(crate) outcome: Outcome,
}

impl Rows {
    pub(super) fn new(registry: &Registry, routes: &RouteTable) -> prometheus::Result<Self> {
        let vecs = Vecs::register(registry)?;
        let rows = routes
            .routes()
            .map(|route| vecs.row(route.method.as_str(), &route.path));
        Ok(Self {
            rows: rows.collect::<Result<_, _>>()?,
            unmatched: vecs.row(NONE, NONE)?,
        })
    }

    /// Counts a request of the row `number`, or of none.
    pub(crate) fn count(&self, number: Option<usize>, ended: Ended) {
        let row = number.and_then(|number| self.rows.get(number));
        row.unwrap_or(&self.unmatched).count(ended);
    }
}

impl Row {
    fn count(&self, ended: Ended) {
        if let Some(counter) = self.by_class.get(class(ended.status)) {
            counter.inc();
        }
        self.seconds.observe(ended.seconds);
        self.bytes.inc_by(ended.bytes);
        let [gone, broken] = &self.unfinished;
        match ended.outcome {
            Outcome::Complete => {}
            Outcome::Gone => gone.inc(),
            Outcome::Broken => broken.inc(),
        }
    }
}

/// The families, each of which has a series for each row.
struct Vecs {
    requests: IntCounterVec,
    seconds: HistogramVec,
    bytes: IntCounterVec,
    unfinished: IntCounterVec,
}

impl Vecs {
    fn register(registry: &Registry) -> prometheus::Result<Self> {
        let of_row = ["method", "route"];
        let requests = Opts::new(
            REQUESTS,
            "Requests that have ended, by the class of their status.",
        );
        let seconds = HistogramOpts::new(
            REQUEST_SECONDS,
            "From a request's head to the last byte of its answer.",
        );
        let bytes = Opts::new(
            "gateway_response_body_bytes_total",
            "Bytes of answers' bodies.",
        );
        let unfinished = Opts::new(
            "gateway_requests_unfinished_total",
            "Requests whose answer did not reach its end, by the reason.",
        );
        Ok(Self {
            requests: register(
                registry,
                IntCounterVec::new(requests, &["method", "route", "status"]),
            )?,
            seconds: register(
                registry,
                HistogramVec::new(seconds.buckets(BUCKETS.to_vec()), &of_row),
            )?,
            bytes: register(registry, IntCounterVec::new(bytes, &of_row))?,
            unfinished: register(
                registry,
                IntCounterVec::new(unfinished, &["method", "route", "reason"]),
            )?,
        })
    }

    fn row(&self, method: &str, path: &str) -> prometheus::Result<Row> {
        let of = |vec: &IntCounterVec, last: &str| {
            vec.get_metric_with_label_values(&[method, path, last])
        };
        let [one, two, three, four, five] = CLASSES.map(|class| of(&self.requests, class));
        let unfinished = |outcome: Outcome| of(&self.unfinished, outcome.as_str());
        Ok(Row {
            by_class: [one?, two?, three?, four?, five?],
            seconds: self.seconds.get_metric_with_label_values(&[method, path])?,
            bytes: self.bytes.get_metric_with_label_values(&[method, path])?,
            unfinished: [unfinished(Outcome::Gone)?, unfinished(Outcome::Broken)?],
        })
    }
}
