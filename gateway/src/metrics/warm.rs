//! Counts how the gateway's own requests for the rows with `warm = true` end.

use prometheus::{IntCounter, IntCounterVec, Registry};

use super::counters;
use super::gone::{Known, retain};

/// The metric family, with a series for each row and outcome.
pub(crate) struct WarmFamily(IntCounterVec);

/// The counters of one row.
#[derive(Clone, Debug)]
pub(crate) struct WarmMetrics {
    pub(crate) stored: IntCounter,
    /// The answer may not be stored.
    pub(crate) not_stored: IntCounter,
    pub(crate) failed: IntCounter,
}

impl WarmFamily {
    pub(super) fn register(registry: &Registry) -> prometheus::Result<Self> {
        counters(
            registry,
            "gateway_warm_requests_total",
            "Requests of the gateway's own for rows with warm = true, by what became of the answer.",
            &["route", "result"],
        )
        .map(Self)
    }

    /// The counters of the row with this path.
    pub(crate) fn of(&self, path: &str) -> WarmMetrics {
        let of = |result: &str| self.0.with_label_values(&[path, result]);
        WarmMetrics {
            stored: of("stored"),
            not_stored: of("not_stored"),
            failed: of("failed"),
        }
    }

    pub(super) fn retain(&self, known: &Known<'_>) {
        retain(&self.0, |label| known.warm.contains(&*label("route")));
    }
}
