//! Refusals on the operator's port.

use prometheus::{IntCounter, Registry};

use super::counters;

/// One counter for each reason.
#[derive(Clone, Debug)]
pub(crate) struct OperatorRefused {
    /// Another name of the port, or another site's page.
    pub(crate) foreign: IntCounter,
    /// No token, or a wrong one.
    pub(crate) token: IntCounter,
    /// Too many wrong tokens from its address.
    pub(crate) limited: IntCounter,
}

impl OperatorRefused {
    pub(super) fn new(registry: &Registry) -> prometheus::Result<Self> {
        let family = counters(
            registry,
            "gateway_operator_refused_total",
            "Requests to the operator's port that were refused, by why.",
            &["reason"],
        )?;
        let of = |reason: &str| family.get_metric_with_label_values(&[reason]);
        Ok(Self {
            foreign: of("foreign")?,
            token: of("token")?,
            limited: of("limited")?,
        })
    }
}
