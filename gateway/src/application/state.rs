//! What all workers share: how the upstreams are, what is kept of their answers, which drills are under way.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use service_kit::env::ConfigError;
use service_kit::program::RunError;
use service_kit::serve::Draining;
use shared_types::gateway::{
    LastError, NotStored, OperatorStatus, RouteStatus, Status, UpstreamStatus,
};
use shared_types::value::Timestamp;

use crate::answer::cache::{Keep, Refused};
use crate::answer::destination::{Destination, Relayed};
use crate::config::Config;
use crate::fault::whole_seconds;
use crate::metrics::Metrics;
use crate::operator::console::Recent;
use crate::operator::openapi;
use crate::resilience::drills::Drills;
use crate::resilience::guard::Guard;
use crate::resilience::memory::Memory;
use crate::resilience::rate::RateLimit;
use crate::restaurant::features::{Feature, status};
use crate::restaurant::tracking::{Copies, Lists, Sources, WatchLimits, Watches};
use crate::routing::route::{RouteTable, To};
use crate::upstream::Upstream;

/// The running things, built from the configuration in [`State::new`] alone.
pub(crate) struct State {
    pub(crate) config: Arc<Config>,
    pub(crate) upstreams: Vec<Arc<Upstream>>,
    pub(crate) routes: RouteTable<Destination>,
    /// Each client's quota for all requests together.
    pub(crate) rate_limit: Option<RateLimit>,
    pub(crate) features: Vec<Feature<Arc<Upstream>>>,
    /// The sources of an order's parts, where orders are tracked.
    pub(crate) tracking: Option<Sources<Arc<Upstream>>>,
    pub(crate) metrics: Arc<Metrics>,
    /// For the console.
    pub(crate) recent: Recent,
    pub(crate) keep: Keep,
    /// The budget of all bodies.
    pub(crate) memory: Arc<Memory>,
    pub(crate) copies: Copies,
    pub(crate) lists: Arc<Lists>,
    pub(crate) watches: Arc<Watches>,
    /// None where `GATEWAY_DRILLS` is off.
    pub(crate) drills: Option<Arc<Drills>>,
    /// Whether the gateway is asked to stop.
    pub(crate) draining: Draining,
    openapi: OnceLock<Bytes>,
}

impl State {
    /// # Errors
    /// Two counters have one name, or a row leads nowhere. A configuration that was read has neither.
    pub(crate) fn new(config: Config) -> Result<Self, RunError> {
        let rows = config.routes.routes();
        let rows = rows.map(|route| (route.method.as_str(), &*route.path));
        let kept = config.routes.kept();
        let warm = kept.iter().filter(|kept| kept.is_warm);
        let metrics = Arc::new(Metrics::new(rows, warm.map(|kept| &kept.path))?);
        let drills = config.drills.then(Arc::<Drills>::default);
        let upstreams = config.upstreams.iter().enumerate();
        let upstreams = upstreams.map(|(number, settings)| {
            Upstream::new(number, settings, &metrics.upstreams, drills.as_ref())
        });
        let upstreams = upstreams.collect::<Result<Vec<_>, _>>()?;
        let upstream = |number: usize| {
            let found = upstreams.get(number).map(Arc::clone);
            found.ok_or_else(|| ConfigError::new(format!("upstream {number}"), "is none"))
        };
        let limits = limits(&config.routes);
        let routes = config.routes.with(|route| {
            Ok(match &route.to {
                To::Own(page) => Destination::Own(*page),
                To::Tracking(view) => Destination::Tracking(*view),
                To::Upstream(to) => Destination::Upstream(Relayed {
                    to: to.clone(),
                    upstream: upstream(to.upstream)?,
                    rate_limit: limits.get(&to.row).cloned(),
                }),
            })
        })?;
        let features = config.features.iter().map(|feature| feature.with(upstream));
        let features = features.collect::<Result<_, _>>()?;
        let tracking = config.tracking.as_ref();
        let tracking = tracking.map(|sources| sources.with(upstream)).transpose()?;
        let watches = tracking
            .as_ref()
            .map_or_else(WatchLimits::default, |sources| sources.watches);
        // Each cached row has an equal share, and so have the tracked orders.
        let shares = kept.len() as u64 + u64::from(tracking.is_some());
        let share = config.cache / shares.max(1);
        Ok(Self {
            rate_limit: config
                .rate_limit
                .map(|rate| RateLimit::new("default", rate)),
            memory: Memory::new(config.limits.memory),
            keep: Keep::new(kept, share, metrics.lookups.clone()),
            metrics,
            recent: Recent::default(),
            copies: Copies::new(share),
            lists: Arc::default(),
            watches: Watches::new(watches),
            drills,
            draining: Draining::default(),
            openapi: OnceLock::new(),
            upstreams,
            routes,
            features,
            tracking,
            config: Arc::new(config),
        })
    }

    /// The OpenAPI document. It is made when it is first asked for: few ask, and to hold it takes more than all the rest.
    pub(crate) fn openapi(&self) -> Bytes {
        let document = || openapi::document(&self.config).to_string().into();
        self.openapi.get_or_init(document).clone()
    }

    /// What the restaurant can do right now, for everyone.
    pub(crate) fn status(&self) -> Status {
        status(&self.features, &self.keep)
    }

    /// The same for the operator, with how each upstream is.
    pub(crate) fn operator_status(&self) -> OperatorStatus {
        let upstreams = self.upstreams.iter();
        let upstreams =
            upstreams.map(|upstream| (upstream.name().to_string(), upstream_status(upstream)));
        OperatorStatus {
            public: self.status(),
            upstreams: upstreams.collect(),
            not_stored: self.keep.refused().filter_map(not_stored).collect(),
        }
    }
}

/// The quotas of the rows that have one of their own, by the rows' numbers.
fn limits(routes: &RouteTable) -> BTreeMap<usize, Arc<RateLimit>> {
    let mut limits = BTreeMap::new();
    for route in routes.routes() {
        if let (To::Upstream(to), Some(rate)) = (&route.to, route.rate_limit) {
            limits
                .entry(to.row)
                .or_insert_with(|| Arc::new(RateLimit::new("route", rate)));
        }
    }
    limits
}

fn not_stored((route, refused): (&str, Refused)) -> Option<NotStored> {
    Some(NotStored {
        route: route.to_owned(),
        reason: refused.reason,
        at: timestamp(refused.at)?,
    })
}

fn timestamp(at: SystemTime) -> Option<Timestamp> {
    let since = at.duration_since(UNIX_EPOCH).ok()?;
    Timestamp::from_millis(i64::try_from(since.as_millis()).ok()?)
}

fn upstream_status(upstream: &Upstream) -> UpstreamStatus {
    let (guard, phase) = (&upstream.guard, upstream.phase());
    let last_error = guard.last_fault().and_then(|fault| {
        Some(LastError {
            cause: fault.cause.to_string(),
            at: timestamp(fault.at)?,
        })
    });
    UpstreamStatus {
        status: upstream.standing().availability(),
        breaker: phase.state(),
        retry_after_seconds: phase.retry_after().map(whole_seconds),
        in_flight: guard.in_flight(),
        routes: open_routes(guard).collect(),
        last_error,
    }
}

/// The routes whose own circuit is not closed.
fn open_routes(guard: &Guard) -> impl Iterator<Item = RouteStatus> {
    guard.routes().filter_map(|(name, phase)| {
        Some(RouteStatus {
            method: name.method.to_string(),
            path: name.path.to_string(),
            breaker: phase.state(),
            retry_after_seconds: whole_seconds(phase.retry_after()?),
        })
    })
}
