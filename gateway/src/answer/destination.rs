//! The destinations of the rows in a running route table. A row that is relayed holds its upstream
//! and its quota, so that a request looks up neither.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse};
use futures_util::future::LocalBoxFuture;
use matchit::Params;

use crate::answer::dispatch::Worker;
use crate::answer::record::Record;
use crate::resilience::shared_store::quota::Quota;
use crate::routing::route::{Route, ToUpstream};
use crate::upstream::Upstream;

/// A row of the running route table.
pub(crate) type Row = Route<Destination>;

/// The answerer of a row.
pub(crate) enum Destination {
    Upstream(Relayed),
    Own(Box<dyn OwnAnswer>),
}

/// A row whose requests go to an upstream.
pub(crate) struct Relayed {
    /// The row as configured.
    pub(crate) to: ToUpstream,
    pub(crate) upstream: Arc<Upstream>,
    /// Each client's quota for the row, shared by all its methods.
    pub(crate) rate_limit: Option<Arc<Quota>>,
    /// The upstream that keeps its requests in an outage.
    pub(crate) keeper: Option<Arc<Upstream>>,
}

/// Answers the requests of a row in the gateway itself. The rooms above give it to the table, so
/// that this one need not know them.
pub(crate) trait OwnAnswer: Send + Sync {
    /// `None` if the path leads to nothing.
    fn answer<'a>(&'a self, asked: Asked<'a>) -> LocalBoxFuture<'a, Option<HttpResponse>>;
}

/// A request for one of the gateway's own answers.
pub(crate) struct Asked<'a> {
    pub(crate) worker: &'a Worker,
    pub(crate) request: &'a HttpRequest,
    /// The row's path.
    pub(crate) path: &'a Arc<str>,
    pub(crate) parameters: &'a Params<'a, 'a>,
    pub(crate) record: &'a Record,
}

impl Destination {
    /// Whether clients may ask for a WebSocket here.
    pub(crate) fn opens_websockets(&self) -> bool {
        match self {
            Self::Upstream(relayed) => relayed.to.settings.tunnel_timeout.is_some(),
            Self::Own(_) => false,
        }
    }

    /// The upstream that the requests go to.
    pub(crate) fn upstream(&self) -> Option<&Arc<Upstream>> {
        match self {
            Self::Upstream(relayed) => Some(&relayed.upstream),
            Self::Own(_) => None,
        }
    }
}
