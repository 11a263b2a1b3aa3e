//! How answers of cached routes were obtained.

use prometheus::{IntCounter, Registry};

use super::counters;

/// One counter for each way.
#[derive(Clone, Debug)]
pub(crate) struct Lookups {
    pub(crate) hit: IntCounter,
    /// The upstream was asked.
    pub(crate) miss: IntCounter,
    /// Another request had asked already.
    pub(crate) shared: IntCounter,
    pub(crate) stale: IntCounter,
}

impl Lookups {
    pub(super) fn new(registry: &Registry) -> prometheus::Result<Self> {
        let family = counters(
            registry,
            "gateway_cache_lookups_total",
            "Answers that may be cached, by how they were obtained.",
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
