//! Builds everything that runs from the configuration, and nowhere else.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use service_kit::env::ConfigError;
use service_kit::program::RunError;
use service_kit::trace::Tracer;

use crate::aggregates::{Aggregate, AggregateRow};
use crate::answer::cache::{Cache, CachedRow, RowId, Sharing};
use crate::answer::destination::{Destination, Relayed};
use crate::answer::features::RunningFeatures;
use crate::answer::site::Site;
use crate::application::closures;
use crate::config::Config;
use crate::metrics::{Metrics, StoreMetrics};
use crate::operator::openapi::documents::Documents;
use crate::operator::pages::{OwnPage, Pages};
use crate::resilience::closures::Closures;
use crate::resilience::drills::{Drills, Place};
use crate::resilience::memory::Memory;
use crate::resilience::rate::Rate;
use crate::resilience::shared_store::SharedStore;
use crate::resilience::shared_store::quota::Quota;
use crate::routing::route::{CachePolicy, Outage, RouteTable, To};
use crate::upstream::{Upstream, tls_config};

/// A running configuration, and what outlives it.
pub(crate) struct Built {
    pub(crate) config: Arc<Config>,
    pub(crate) site: Arc<Site>,
    aggregates: Vec<Arc<Aggregate>>,
    /// `None` if `GATEWAY_DRILLS` is off.
    pub(crate) drills: Option<Arc<Drills>>,
    /// The upstreams' own OpenAPI documents.
    pub(crate) documents: Arc<Documents>,
    /// The next number of an upstream's pools.
    next_pool: usize,
}

/// What all configurations of a process have in common.
struct Shared {
    metrics: Arc<Metrics>,
    drills: Option<Arc<Drills>>,
    closures: Arc<Closures>,
    tracer: Option<Tracer>,
}

impl Built {
    /// # Errors
    /// https upstreams cannot be verified, two counters have the same name, or a row leads nowhere.
    /// A configuration that was read has neither of the last two.
    pub(crate) fn of(config: &Arc<Config>) -> Result<Self, RunError> {
        Self::traced(config, None)
    }

    /// Like [`Self::of`], with a tracer that records spans.
    ///
    /// # Errors
    /// As of [`Self::of`].
    pub(crate) fn traced(config: &Arc<Config>, tracer: Option<Tracer>) -> Result<Self, RunError> {
        let shared = Shared {
            metrics: Arc::new(Metrics::new()?),
            drills: config.drills.then(Arc::<Drills>::default),
            closures: Arc::default(),
            tracer,
        };
        let built = Self::build(config, shared, None)?;
        closures::follow(&built.site, &config.closures);
        Ok(built)
    }

    /// Another configuration, which takes over what it does not change: circuits, permits,
    /// connections, stored answers, quotas, counters.
    ///
    /// # Errors
    /// As of [`Self::of`].
    pub(crate) fn succeeding(&self, config: &Arc<Config>) -> Result<Self, RunError> {
        let shared = Shared {
            metrics: Arc::clone(&self.site.metrics),
            drills: self.drills.clone(),
            closures: Arc::clone(&self.site.closures),
            tracer: self.site.tracer.clone(),
        };
        Self::build(config, shared, Some(self))
    }

    fn build(
        config: &Arc<Config>,
        shared: Shared,
        earlier: Option<&Self>,
    ) -> Result<Self, RunError> {
        let Shared {
            metrics,
            drills,
            closures,
            tracer,
        } = shared;
        let site = earlier.map(|earlier| &earlier.site);
        let tls = match site.and_then(|site| site.tls.clone()) {
            Some(tls) => Some(tls),
            None => tls_config(&config.upstreams)?,
        };
        let first_pool = earlier.map_or(0, |earlier| earlier.next_pool);
        let upstreams = config.upstreams.iter().zip(first_pool..);
        let upstreams = upstreams.map(|(settings, pool)| {
            let known = site.and_then(|site| site.upstreams.iter().find(|one| one.is(settings)));
            match known {
                Some(known) => known.succeeding(pool, settings, &metrics.upstreams),
                None => {
                    let drills = drills.as_ref();
                    Upstream::new(pool, settings, &metrics.upstreams, drills, &closures)
                }
            }
        });
        let upstreams = upstreams.collect::<Result<Vec<_>, _>>()?;
        let upstream = |number: usize| {
            let found = upstreams.get(number).map(Arc::clone);
            found.ok_or_else(|| ConfigError::new(format!("upstream {number}"), "is not there"))
        };
        // Each cached row has an equal share, and so has each aggregate.
        let policies = config.routes.cache_policies();
        let shares = (policies.len() + config.aggregates.len()) as u64;
        let share = config.cache / shares.max(1);
        let features = config.features.iter().map(|feature| feature.with(upstream));
        let features: RunningFeatures = features.collect::<Result<_, _>>()?;
        let aggregates = config.aggregates.iter().map(|settings| {
            let settings = settings.with(|number| upstream(*number))?;
            let mut before = earlier.iter().flat_map(|earlier| &earlier.aggregates);
            let before = before.find(|one| one.name() == settings.name);
            Ok(match before {
                Some(before) => before.succeeding(settings, share),
                None => Arc::new(Aggregate::new(settings, share)),
            })
        });
        let aggregates = aggregates.collect::<Result<Vec<_>, ConfigError>>()?;
        let documents = earlier.map(|earlier| Arc::clone(&earlier.documents));
        let documents = documents.unwrap_or_default();
        let pages = Pages::new(
            Arc::clone(config),
            Arc::clone(&features),
            Arc::clone(&documents),
        );
        let pages = Arc::new(pages);
        let shared_store = match (site, &config.shared_store) {
            (Some(site), _) => site.shared_store.clone(),
            (None, Some(settings)) => {
                let metrics = StoreMetrics::register(&metrics.registry)?;
                Some(Arc::new(SharedStore::new(settings, metrics)))
            }
            (None, None) => None,
        };
        let limits = limits(&config.routes, site, shared_store.as_ref());
        let routes = config.routes.with(|route| {
            Ok(match &route.to {
                To::Own(page) => {
                    Destination::Own(Box::new(OwnPage::new(*page, Arc::clone(&pages))))
                }
                To::Aggregate(index, view) => {
                    let missing = || ConfigError::new(&*route.path, "is no aggregate's");
                    let aggregate = aggregates.get(*index).ok_or_else(missing)?;
                    Destination::Own(Box::new(AggregateRow::new(*view, Arc::clone(aggregate))))
                }
                To::Upstream(to) => Destination::Upstream(Relayed {
                    to: to.clone(),
                    upstream: upstream(to.upstream)?,
                    rate_limit: limits.get(&to.row).cloned(),
                    keeper: match &to.outage {
                        Outage::Defer(keeper) => Some(upstream(keeper.upstream)?),
                        Outage::Error | Outage::Stale(_) | Outage::Fallback(_) => None,
                    },
                }),
            })
        })?;
        let rows = routes.routes();
        let rows = rows.map(|route| (route.method.as_str(), &*route.path));
        let cached = policies.iter().map(|policy| CachedRow {
            policy: Arc::clone(policy),
            id: row_id(policy, &routes),
        });
        let cached: Vec<_> = cached.collect();
        let site = Site {
            limits: config.limits,
            origins: config.origins.clone(),
            trusted_proxies: config.trusted_proxies.clone(),
            scheme: config.scheme(),
            hsts: config.https_only.hsts(),
            console: config.console.clone(),
            rate_limit: config
                .rate_limit
                .map(|rate| general_limit(rate, site, shared_store.as_ref())),
            memory: site.map_or_else(
                || Memory::new(config.limits.memory),
                |site| Arc::clone(&site.memory),
            ),
            cache: match site {
                Some(site) => {
                    let earlier = |policy: &CachePolicy| index_before(policy, &routes, site);
                    site.cache.succeeding(cached, share, earlier)
                }
                None => {
                    let sharing = shared_store
                        .clone()
                        .map(|store| Arc::new(Sharing::new(store)));
                    Cache::new(cached, share, metrics.lookups.clone(), sharing)
                }
            },
            shared_store,
            last_good: config.last_good.clone(),
            rows: metrics.rows.of(rows)?,
            recent: site
                .map(|site| Arc::clone(&site.recent))
                .unwrap_or_default(),
            draining: site.map(|site| site.draining.clone()).unwrap_or_default(),
            metrics,
            tracer,
            upstreams,
            tls,
            routes,
            features,
            closures,
        };
        Ok(Self {
            config: Arc::clone(config),
            next_pool: first_pool + site.upstreams.len(),
            site: Arc::new(site),
            aggregates,
            drills,
            documents,
        })
    }

    /// Makes the shared parts those of this configuration alone, once its site answers.
    pub(crate) fn settle(&self) {
        let site = &self.site;
        for upstream in &site.upstreams {
            upstream.replicas.follow(&upstream.settings.url);
        }
        site.memory.set_limits(site.limits.memory);
        if let Some(drills) = &self.drills {
            drills.retain(|place| match place {
                Place::Upstream(name) => site.upstreams.iter().any(|one| **one.name() == **name),
                Place::Route(path) => site.routes.routes().any(|route| *route.path == **path),
            });
        }
        closures::follow(&self.site, &self.config.closures);
        site.metrics.retain(&site.known());
    }
}

/// The index that a cached row has at `site`, if it is asked for there in the same way.
fn index_before(
    policy: &CachePolicy,
    routes: &RouteTable<Destination>,
    site: &Site,
) -> Option<usize> {
    let (now, before) = (source(policy, routes)?, source(policy, &site.routes)?);
    let (Outage::Stale(is), Outage::Stale(was)) = (&now.to.outage, &before.to.outage) else {
        return None;
    };
    let is_same = is.is_like(was)
        && now.to.target == before.to.target
        && now.upstream.is(&before.upstream.settings);
    is_same.then_some(was.index)
}

/// The identity of a row's answers: everything that decides which question they answer, whom they
/// may be shown to, and who gave them.
fn row_id(policy: &CachePolicy, routes: &RouteTable<Destination>) -> Option<RowId> {
    let row = source(policy, routes)?;
    let upstream = &row.upstream.settings;
    let mut parts = vec![
        policy.path.to_string(),
        upstream.name.to_string(),
        upstream.url.to_string(),
        row.to.target.to_string(),
        policy.is_shared.to_string(),
        policy.vary.len().to_string(),
    ];
    parts.extend(policy.vary.iter().map(ToString::to_string));
    match &policy.query {
        None => parts.push("the whole query".to_owned()),
        Some(names) => parts.extend(names.iter().cloned()),
    }
    Some(RowId::of(parts))
}

/// The row that the answers of a cached path come from.
fn source<'r>(policy: &CachePolicy, routes: &'r RouteTable<Destination>) -> Option<&'r Relayed> {
    routes.routes().find_map(|route| match &route.to {
        Destination::Upstream(relayed) if *route.path == *policy.path => {
            matches!(relayed.to.outage, Outage::Stale(_)).then_some(relayed)
        }
        _ => None,
    })
}

/// The quota of all requests together: that of `earlier`, if it is the same.
fn general_limit(
    rate: Rate,
    earlier: Option<&Arc<Site>>,
    store: Option<&Arc<SharedStore>>,
) -> Arc<Quota> {
    let known = earlier.and_then(|site| site.rate_limit.as_ref());
    let known = known.filter(|limit| limit.rate() == rate);
    known.map_or_else(
        || Arc::new(Quota::new("default", rate, store, "default")),
        Arc::clone,
    )
}

/// The quotas of the rows that have one of their own, by the rows' numbers. Those of `earlier` that
/// are the same go on.
fn limits(
    routes: &RouteTable,
    earlier: Option<&Arc<Site>>,
    store: Option<&Arc<SharedStore>>,
) -> BTreeMap<usize, Arc<Quota>> {
    let limited = routes.routes().filter_map(|route| match &route.to {
        To::Upstream(to) => Some((to.row, route, route.rate_limit?)),
        To::Own(_) | To::Aggregate(..) => None,
    });
    let limited: Vec<_> = limited.collect();
    let mut limits = BTreeMap::new();
    // A row that was divided into two has one quota for each.
    let mut taken = BTreeSet::new();
    for (row, route, rate) in &limited {
        let before = earlier.and_then(|site| {
            let mut routes = site.routes.routes();
            routes.find_map(|before| match &before.to {
                Destination::Upstream(relayed) => {
                    let is_same = before.method == route.method
                        && before.path == route.path
                        && before.rate_limit == Some(*rate);
                    is_same.then_some(relayed)
                }
                Destination::Own(_) => None,
            })
        });
        if let Some(relayed) = before
            && let Some(limit) = &relayed.rate_limit
            && !limits.contains_key(row)
            && taken.insert(relayed.to.row)
        {
            limits.insert(*row, Arc::clone(limit));
        }
    }
    for (row, route, rate) in limited {
        limits.entry(row).or_insert_with(|| {
            let id = format!("{} {}", route.method, route.path);
            Arc::new(Quota::new("route", rate, store, &id))
        });
    }
    limits
}
