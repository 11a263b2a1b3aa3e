//! Everything that the workers share to answer requests, and its replacement.

use std::path::PathBuf;
use std::sync::Arc;

use actix_web::http::header::HeaderValue;
use service_kit::serve::Draining;
use service_kit::trace::Tracer;
use tokio::sync::watch;

use crate::answer::cache::Cache;
use crate::answer::destination::Destination;
use crate::answer::features::RunningFeatures;
use crate::answer::recent::Recent;
use crate::metrics::{Known, Metrics, Rows};
use crate::resilience::closures::Closures;
use crate::resilience::memory::Memory;
use crate::resilience::shared_store::SharedStore;
use crate::resilience::shared_store::quota::Quota;
use crate::routing::client_address::{Scheme, TrustedProxies};
use crate::routing::cors::Origins;
use crate::routing::route::RouteTable;
use crate::settings::ConsoleTable;
use crate::settings::limits::Limits;
use crate::upstream::{TlsConfig, Upstream};

/// One configuration, running. A reload builds another one, which takes over what has not changed;
/// requests under way end by the one that they began with.
pub(crate) struct Site {
    pub(crate) limits: Limits,
    pub(crate) origins: Origins,
    pub(crate) trusted_proxies: TrustedProxies,
    pub(crate) scheme: Scheme,
    /// The field that tells browsers to come over TLS only, if it is configured.
    pub(crate) hsts: Option<HeaderValue>,
    pub(crate) upstreams: Vec<Arc<Upstream>>,
    /// For https upstreams.
    pub(crate) tls: TlsConfig,
    pub(crate) routes: RouteTable<Destination>,
    pub(crate) features: RunningFeatures,
    /// The announced closures.
    pub(crate) closures: Arc<Closures>,
    /// Each client's quota for all requests together.
    pub(crate) rate_limit: Option<Arc<Quota>>,
    pub(crate) metrics: Arc<Metrics>,
    /// The counters of each route, by the route's number.
    pub(crate) rows: Rows,
    /// The requests that the console's "Play it all" sends, if it has any.
    pub(crate) console: Option<Arc<ConsoleTable>>,
    /// The latest requests, which the console lists.
    pub(crate) recent: Arc<Recent>,
    pub(crate) cache: Cache,
    /// The file that also keeps the last good answers, if any.
    pub(crate) last_good: Option<PathBuf>,
    /// What several gateways share, if they do.
    pub(crate) shared_store: Option<Arc<SharedStore>>,
    /// Records spans, if there is a collector.
    pub(crate) tracer: Option<Tracer>,
    /// The bytes of bodies that may be held.
    pub(crate) memory: Arc<Memory>,
    /// Whether the gateway is asked to stop.
    pub(crate) draining: Draining,
}

impl Site {
    /// The names of everything that is counted in `/metrics`. The series of anything else are
    /// removed.
    pub(crate) fn known(&self) -> Known<'_> {
        let circuits = self.upstreams.iter().flat_map(|upstream| {
            let circuits = upstream.settings.circuits.iter();
            circuits.map(|route| (&**upstream.name(), route.method.as_str(), &*route.path))
        });
        let rows = || self.routes.routes();
        let warm = self
            .routes
            .cache_policies()
            .iter()
            .filter(|policy| policy.is_warm);
        Known {
            rows: rows()
                .map(|row| (row.method.as_str(), &*row.path))
                .collect(),
            upstreams: self.upstreams.iter().map(|one| &**one.name()).collect(),
            circuits: circuits.collect(),
            warm: warm.map(|policy| &*policy.path).collect(),
        }
    }
}

/// The site that answers new requests. A reload replaces it.
#[derive(Clone)]
pub(crate) struct Live(watch::Receiver<Arc<Site>>);

impl Live {
    /// The site, and the way to replace it.
    pub(crate) fn new(site: Arc<Site>) -> (watch::Sender<Arc<Site>>, Self) {
        let (sender, receiver) = watch::channel(site);
        (sender, Self(receiver))
    }

    /// This site, for as long as it is asked.
    pub(crate) fn always(site: Arc<Site>) -> Self {
        Self::new(site).1
    }

    pub(crate) fn site(&self) -> Arc<Site> {
        Arc::clone(&self.0.borrow())
    }

    /// The new site, if it was replaced since the last call.
    pub(crate) fn replaced(&mut self) -> Option<Arc<Site>> {
        // A site that nobody can replace any more stays.
        let is_replaced = self.0.has_changed().unwrap_or(false);
        is_replaced.then(|| Arc::clone(&self.0.borrow_and_update()))
    }

    /// Waits until the site is replaced.
    pub(crate) async fn wait(&mut self) {
        if self.0.changed().await.is_err() {
            std::future::pending().await
        }
    }
}
