//! Builds everything that runs from the configuration, and nowhere else.

use std::collections::BTreeMap;
use std::sync::Arc;

use service_kit::env::ConfigError;
use service_kit::program::RunError;
use service_kit::serve::Draining;

use crate::answer::cache::Keep;
use crate::answer::destination::{Destination, Relayed};
use crate::answer::features::RunningFeatures;
use crate::answer::recent::Recent;
use crate::answer::site::Site;
use crate::config::Config;
use crate::metrics::Metrics;
use crate::operator::pages::{OwnPage, Pages};
use crate::resilience::drills::Drills;
use crate::resilience::memory::Memory;
use crate::resilience::rate::RateLimit;
use crate::restaurant::tracking::{TrackedOrder, Tracking};
use crate::routing::route::{RouteTable, To};
use crate::upstream::Upstream;

/// The running things of one configuration.
pub(crate) struct Built {
    pub(crate) site: Arc<Site>,
    pub(crate) features: RunningFeatures,
    /// `None` if `GATEWAY_DRILLS` is off.
    pub(crate) drills: Option<Arc<Drills>>,
}

impl Built {
    /// # Errors
    /// Two counters have the same name, or a row leads nowhere. A configuration that was read has
    /// neither.
    pub(crate) fn of(config: &Arc<Config>) -> Result<Self, RunError> {
        let metrics = Arc::new(metrics(&config.routes)?);
        let drills = config.drills.then(Arc::<Drills>::default);
        let upstreams = config.upstreams.iter().enumerate();
        let upstreams = upstreams.map(|(number, settings)| {
            Upstream::new(number, settings, &metrics.upstreams, drills.as_ref())
        });
        let upstreams = upstreams.collect::<Result<Vec<_>, _>>()?;
        let upstream = |number: usize| {
            let found = upstreams.get(number).map(Arc::clone);
            found.ok_or_else(|| ConfigError::new(format!("upstream {number}"), "is not there"))
        };
        // Each cached row has an equal share, and so have the tracked orders.
        let kept = config.routes.kept();
        let shares = kept.len() as u64 + u64::from(config.tracking.is_some());
        let share = config.cache / shares.max(1);
        let features = config.features.iter().map(|feature| feature.with(upstream));
        let features: RunningFeatures = features.collect::<Result<_, _>>()?;
        let tracking = config.tracking.as_ref();
        let tracking = tracking.map(|sources| sources.with(upstream)).transpose()?;
        let tracking = tracking.map(|sources| Arc::new(Tracking::new(sources, share)));
        let pages = Arc::new(Pages::new(Arc::clone(config), Arc::clone(&features)));
        let limits = limits(&config.routes);
        let routes = config.routes.with(|route| {
            Ok(match (&route.to, &tracking) {
                (To::Own(page), _) => {
                    Destination::Own(Box::new(OwnPage::new(*page, Arc::clone(&pages))))
                }
                (To::Tracking(view), Some(tracking)) => {
                    Destination::Own(Box::new(TrackedOrder::new(*view, Arc::clone(tracking))))
                }
                (To::Tracking(_), None) => return Err(ConfigError::new("tracking", "is missing")),
                (To::Upstream(to), _) => Destination::Upstream(Relayed {
                    to: to.clone(),
                    upstream: upstream(to.upstream)?,
                    rate_limit: limits.get(&to.row).cloned(),
                }),
            })
        })?;
        let site = Site {
            limits: config.limits,
            origins: config.origins.clone(),
            trusted_proxies: config.trusted_proxies.clone(),
            scheme: config.scheme(),
            rate_limit: config
                .rate_limit
                .map(|rate| RateLimit::new("default", rate)),
            memory: Memory::new(config.limits.memory),
            cache: Keep::new(kept, share, metrics.lookups.clone()),
            metrics,
            recent: Recent::default(),
            draining: Draining::default(),
            upstreams,
            routes,
        };
        Ok(Self {
            site: Arc::new(site),
            features,
            drills,
        })
    }
}

fn metrics(routes: &RouteTable) -> prometheus::Result<Metrics> {
    let rows = routes.routes();
    let rows = rows.map(|route| (route.method.as_str(), &*route.path));
    let warm = routes.kept().iter().filter(|kept| kept.is_warm);
    Metrics::new(rows, warm.map(|kept| &kept.path))
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
