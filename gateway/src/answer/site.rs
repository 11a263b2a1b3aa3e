//! Everything that the workers share to answer requests.

use std::sync::Arc;

use service_kit::serve::Draining;

use crate::answer::cache::Keep;
use crate::answer::destination::Destination;
use crate::answer::recent::Recent;
use crate::metrics::Metrics;
use crate::resilience::memory::Memory;
use crate::resilience::rate::RateLimit;
use crate::routing::client_address::{Scheme, TrustedProxies};
use crate::routing::cors::Origins;
use crate::routing::route::RouteTable;
use crate::settings::limits::Limits;
use crate::upstream::Upstream;

pub(crate) struct Site {
    pub(crate) limits: Limits,
    pub(crate) origins: Origins,
    pub(crate) trusted_proxies: TrustedProxies,
    pub(crate) scheme: Scheme,
    pub(crate) upstreams: Vec<Arc<Upstream>>,
    pub(crate) routes: RouteTable<Destination>,
    /// Each client's quota for all requests together.
    pub(crate) rate_limit: Option<RateLimit>,
    pub(crate) metrics: Arc<Metrics>,
    /// For the console.
    pub(crate) recent: Recent,
    pub(crate) cache: Keep,
    /// The budget of all bodies.
    pub(crate) memory: Arc<Memory>,
    /// Whether the gateway is asked to stop.
    pub(crate) draining: Draining,
}
