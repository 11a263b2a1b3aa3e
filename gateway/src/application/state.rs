//! What all workers share: how the upstreams are, what is kept of their answers, which drills are under way.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use service_kit::serve::Draining;
use shared_types::gateway::{
    FeatureStatus, LastError, NotStored, OperatorStatus, RouteStatus, Status, UpstreamStatus,
};
use shared_types::value::Timestamp;

use crate::answer::cache::{Keep, Refused};
use crate::config::Config;
use crate::fault::whole_seconds;
use crate::metrics::Metrics;
use crate::operator::console::Recent;
use crate::operator::openapi;
use crate::resilience::drills::Drills;
use crate::resilience::guard::{Guard, Hearing, Phase};
use crate::resilience::memory::Memory;
use crate::restaurant::features::{Feature, Standing, overall, state};
use crate::restaurant::tracking::{Copies, Lists, WatchLimits, Watches};

pub(crate) struct State {
    pub(crate) config: Arc<Config>,
    /// In the order of the upstreams.
    pub(crate) guards: Vec<Arc<Guard>>,
    pub(crate) metrics: Arc<Metrics>,
    /// For the console.
    pub(crate) recent: Recent,
    pub(crate) keep: Keep,
    /// For what is held of bodies.
    pub(crate) memory: Arc<Memory>,
    pub(crate) copies: Copies,
    pub(crate) lists: Arc<Lists>,
    pub(crate) watches: Arc<Watches>,
    /// None where nobody may rehearse.
    pub(crate) drills: Option<Drills>,
    /// Whether the gateway is asked to stop.
    pub(crate) draining: Draining,
    openapi: OnceLock<Bytes>,
}

impl State {
    /// # Errors
    /// Two things would be counted under one name.
    pub(crate) fn new(config: Config) -> prometheus::Result<Self> {
        let metrics = Arc::new(Metrics::new(&config)?);
        let upstreams = config.upstreams.iter().zip(&metrics.upstreams);
        // Each row has its share, and so have the tracked orders.
        let rows = config.routes.kept();
        let shares = rows.len() as u64 + u64::from(config.tracking.is_some());
        let share = config.cache / shares.max(1);
        let tracking = config.tracking.as_ref();
        let watches = tracking.map_or_else(WatchLimits::default, |sources| sources.watches);
        Ok(Self {
            guards: upstreams
                .enumerate()
                .map(|(index, (upstream, metrics))| {
                    Guard::of(upstream, config.route_names.of(index), metrics)
                })
                .collect(),
            memory: Memory::new(config.limits.memory),
            keep: Keep::new(rows, share, metrics.lookups.clone()),
            metrics,
            recent: Recent::default(),
            copies: Copies::new(share),
            lists: Arc::default(),
            watches: Watches::new(watches),
            drills: config.drills.then(Drills::default),
            draining: Draining::default(),
            openapi: OnceLock::new(),
            config: Arc::new(config),
        })
    }

    /// The OpenAPI document. It is made when it is first asked for: few ask, and to hold it takes more than all the rest.
    pub(crate) fn openapi(&self) -> Bytes {
        let document = || openapi::document(&self.config).to_string().into();
        self.openapi.get_or_init(document).clone()
    }

    /// How the upstream's circuit is: the real one, or that of a drill.
    pub(crate) fn phase(&self, upstream: usize) -> Phase {
        let real = self.guards.get(upstream).map(|guard| guard.phase());
        let name = self.config.upstreams.get(upstream).map(|one| &*one.name);
        match (real, &self.drills, name) {
            (Some(Phase::Closed), Some(drills), Some(name)) => drills.phase(name),
            (real, ..) => real.unwrap_or(Phase::Closed),
        }
    }

    /// How the upstream is: for real, or by a drill.
    fn standing(&self, upstream: usize) -> Standing {
        if let Some(wait) = self.phase(upstream).retry_after() {
            return Standing::Down(wait);
        }
        let name = self.config.upstreams.get(upstream).map(|one| &*one.name);
        let drills = self.drills.as_ref().zip(name);
        if drills.is_some_and(|(drills, name)| drills.fails_probe(name)) {
            return Standing::Failing;
        }
        match self.guards.get(upstream).map(|guard| guard.hearing()) {
            Some(Hearing::Well) => Standing::Up,
            Some(Hearing::Failing) => Standing::Failing,
            Some(Hearing::Unheard) | None => Standing::Unknown,
        }
    }

    /// The same for a feature, which also misses an upstream where that one route is down by which the feature is asked
    /// for.
    fn standing_for(&self, feature: &Feature, upstream: usize) -> Standing {
        let route = feature.route.filter(|route| route.upstream == upstream);
        let of_route = self.guards.get(upstream).zip(route);
        let wait =
            of_route.and_then(|(guard, route)| guard.route_phase(route.circuit).retry_after());
        match (self.standing(upstream), wait) {
            (down @ Standing::Down(_), _) => down,
            (_, Some(wait)) => Standing::Down(wait),
            (standing, None) => standing,
        }
    }

    /// What the restaurant can do right now, for everyone.
    pub(crate) fn status(&self) -> Status {
        let features = self.config.features.iter();
        let features = features.map(|feature| (feature.name.clone(), self.feature(feature)));
        let features = BTreeMap::from_iter(features);
        let states: Vec<_> = features.values().map(|feature| feature.status).collect();
        Status {
            status: overall(states),
            features,
        }
    }

    pub(crate) fn feature(&self, feature: &Feature) -> FeatureStatus {
        let standings = |indices: &[usize]| -> Vec<(&str, Standing)> {
            let standings = indices.iter().filter_map(|index| {
                let name = &*self.config.upstreams.get(*index)?.name;
                Some((name, self.standing_for(feature, *index)))
            });
            standings.collect()
        };
        let target = &feature.probe.target;
        let age = feature.stand_in.as_ref();
        let age = age.and_then(|kept| self.keep.age(kept, target.path(), target.query()));
        state(&standings(&feature.needs), &standings(&feature.uses), age)
    }

    /// The same for the operator, with how each upstream is.
    pub(crate) fn operator_status(&self) -> OperatorStatus {
        let upstreams = self.config.upstreams.iter().zip(&self.guards).enumerate();
        let upstreams = upstreams.map(|(index, (upstream, guard))| {
            let of = upstream_status(guard, self.phase(index), self.standing(index));
            (upstream.name.to_string(), of)
        });
        OperatorStatus {
            public: self.status(),
            upstreams: upstreams.collect(),
            not_stored: self.keep.refused().filter_map(not_stored).collect(),
        }
    }
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

fn upstream_status(guard: &Guard, phase: Phase, standing: Standing) -> UpstreamStatus {
    let last_error = guard.last_fault().and_then(|fault| {
        Some(LastError {
            cause: fault.cause.to_string(),
            at: timestamp(fault.at)?,
        })
    });
    UpstreamStatus {
        status: standing.availability(),
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
