//! Counts how the gateway's own requests for the rows with `warm = true` end.

use std::collections::BTreeMap;
use std::sync::Arc;

use prometheus::{IntCounter, Registry};

use super::counters;

/// The counters of each row, by its path.
#[derive(Debug)]
pub(crate) struct Warm(BTreeMap<Arc<str>, WarmMetrics>);

/// The counters of one row.
#[derive(Clone, Debug)]
pub(crate) struct WarmMetrics {
    pub(crate) stored: IntCounter,
    /// The answer may not be stored.
    pub(crate) not_stored: IntCounter,
    pub(crate) failed: IntCounter,
}

impl Warm {
    pub(super) fn new<'r>(
        registry: &Registry,
        paths: impl Iterator<Item = &'r Arc<str>>,
    ) -> prometheus::Result<Self> {
        let family = counters(
            registry,
            "gateway_warm_requests_total",
            "Requests of the gateway's own for rows with warm = true, by what became of the answer.",
            &["route", "result"],
        )?;
        let rows = paths.map(|path| {
            let of = |result: &str| family.get_metric_with_label_values(&[&**path, result]);
            let metrics = WarmMetrics {
                stored: of("stored")?,
                not_stored: of("not_stored")?,
                failed: of("failed")?,
            };
            Ok((Arc::clone(path), metrics))
        });
        rows.collect::<Result<_, _>>().map(Self)
    }

    /// The counters of the row with this path.
    pub(crate) fn of(&self, path: &str) -> Option<WarmMetrics> {
        self.0.get(path).cloned()
    }
}
