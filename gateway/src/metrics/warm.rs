//! How the gateway's own requests for the rows with `warm = true` end.

use prometheus::{IntCounter, IntCounterVec, Registry};

use super::counters;

#[derive(Clone, Debug)]
pub(crate) struct Warm(IntCounterVec);

/// Of one row.
#[derive(Clone, Debug)]
pub(crate) struct WarmMetrics {
    pub(crate) stored: IntCounter,
    /// The answer may not be stored.
    pub(crate) not_stored: IntCounter,
    pub(crate) failed: IntCounter,
}

impl Warm {
    pub(super) fn new(registry: &Registry) -> prometheus::Result<Self> {
        let family = counters(
            registry,
            "gateway_warm_requests_total",
            "Requests of the gateway's own for rows with warm = true, by what became of the answer.",
            &["route", "result"],
        );
        family.map(Self)
    }

    /// Of the row with this path.
    pub(crate) fn of(&self, route: &str) -> Option<WarmMetrics> {
        let of = |result: &str| self.0.get_metric_with_label_values(&[route, result]).ok();
        Some(WarmMetrics {
            stored: of("stored")?,
            not_stored: of("not_stored")?,
            failed: of("failed")?,
        })
    }
}
