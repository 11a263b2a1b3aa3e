//! How often what is kept has helped.

use prometheus::{IntCounter, Registry};

use super::counters;

/// How an answer that may be kept was obtained.
#[derive(Clone, Debug)]
pub(crate) struct Lookups {
    pub(crate) hit: IntCounter,
    /// It was asked for.
    pub(crate) miss: IntCounter,
    /// Somebody else had asked for it already.
    pub(crate) shared: IntCounter,
    pub(crate) stale: IntCounter,
}

impl Lookups {
    pub(super) fn new(registry: &Registry) -> prometheus::Result<Self> {
        let family = counters(
            registry,
            "gateway_cache_lookups_total",
            "Answers that may be kept, by how they were obtained.",
            &["result"],
        )?;
        let of = |result: &str| family.get_metric_with_label_values(&[result]);
        Ok(Self {
            hit: of("hit")?,
            miss: of("miss")?,
            shared: of("shared")?,
            stale: of("stale")?,
        })
    }
}
