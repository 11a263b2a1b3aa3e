//! Reads the counters at one moment.

use std::collections::BTreeMap;

use prometheus::Registry;
use prometheus::proto::{Metric, MetricFamily};

use crate::metrics::{DEGRADED, REQUEST_SECONDS, REQUESTS, UPSTREAM_SECONDS};

/// Method and path of a row.
pub(super) type RowName = (String, String);

#[derive(Debug, Default)]
pub(super) struct Reading {
    pub(super) rows: BTreeMap<RowName, Times>,
    /// Answers of class 5xx.
    pub(super) errors: BTreeMap<RowName, u64>,
    pub(super) upstreams: BTreeMap<String, Times>,
    pub(super) degraded: u64,
}

/// A histogram: for each bound in seconds, how many took at most that long.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Times {
    pub(crate) count: u64,
    pub(crate) buckets: Vec<(f64, u64)>,
}

impl Times {
    /// The difference from an earlier reading with the same bounds.
    pub(super) fn since(&self, earlier: &Self) -> Self {
        let pairs = self.buckets.iter().zip(&earlier.buckets);
        let buckets = pairs.map(|((bound, now), (_, then))| (*bound, now.saturating_sub(*then)));
        Self {
            count: self.count.saturating_sub(earlier.count),
            buckets: buckets.collect(),
        }
    }
}

impl Reading {
    pub(super) fn of(registry: &Registry) -> Self {
        let mut reading = Self::default();
        for family in registry.gather() {
            reading.take(&family);
        }
        reading
    }

    fn take(&mut self, family: &MetricFamily) {
        let metrics = family.get_metric();
        match family.name() {
            REQUESTS => {
                let failed = metrics
                    .iter()
                    .filter(|metric| label(metric, "status") == "5xx");
                self.errors = failed.map(|metric| (row(metric), count(metric))).collect();
            }
            REQUEST_SECONDS => {
                self.rows = metrics
                    .iter()
                    .map(|metric| (row(metric), times(metric)))
                    .collect();
            }
            UPSTREAM_SECONDS => {
                let of = |metric| (label(metric, "upstream").to_owned(), times(metric));
                self.upstreams = metrics.iter().map(of).collect();
            }
            DEGRADED => self.degraded = metrics.iter().map(count).sum(),
            _ => {}
        }
    }
}

fn label<'m>(metric: &'m Metric, name: &str) -> &'m str {
    let label = metric.get_label().iter().find(|label| label.name() == name);
    label.map_or("", |label| label.value())
}

fn row(metric: &Metric) -> RowName {
    let of = |name| label(metric, name).to_owned();
    (of("method"), of("route"))
}

fn count(metric: &Metric) -> u64 {
    metric.get_counter().get_value() as u64
}

fn times(metric: &Metric) -> Times {
    let histogram = metric.get_histogram();
    let buckets = histogram.get_bucket().iter();
    Times {
        count: histogram.get_sample_count(),
        buckets: buckets
            .map(|bucket| (bucket.upper_bound(), bucket.cumulative_count()))
            .collect(),
    }
}
