//! The destinations of the rows in a running route table. A row that is relayed holds its upstream
//! and its quota, so that a request looks up neither.

use std::sync::Arc;

use crate::resilience::rate::RateLimit;
use crate::routing::route::{Page, Route, ToUpstream, View};
use crate::upstream::Upstream;

/// A row of the running route table.
pub(crate) type Row = Route<Destination>;

/// The answerer of a row.
pub(crate) enum Destination {
    Upstream(Relayed),
    Own(Page),
    /// The gateway, from the answers of several upstreams.
    Tracking(View),
}

impl Destination {
    /// The upstream that the requests go to.
    pub(crate) fn upstream(&self) -> Option<&Arc<Upstream>> {
        match self {
            Self::Upstream(relayed) => Some(&relayed.upstream),
            Self::Own(_) | Self::Tracking(_) => None,
        }
    }
}

/// A row whose requests go to an upstream.
pub(crate) struct Relayed {
    /// The row as configured.
    pub(crate) to: ToUpstream,
    pub(crate) upstream: Arc<Upstream>,
    /// Each client's quota for the row, shared by all its methods.
    pub(crate) rate_limit: Option<Arc<RateLimit>>,
}
