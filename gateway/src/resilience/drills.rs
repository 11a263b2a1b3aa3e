//! Failure drills: an upstream, or one route, made to look as if it failed, for a while and on purpose.
//!
//! A drill acts where the upstream would be asked, so that everything around it is the real thing: retries, stale answers,
//! problems. It sends nothing, ends by itself, and its answers are marked. Off unless `GATEWAY_DRILLS` is on.
//!
//! It has a circuit breaker of its own, with the settings of the real one: what the drill opens is gone when the drill is,
//! and the real one learns only of the real upstream, which the gateway goes on probing meanwhile.

mod acting;
mod order;
mod verdict;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use shared_types::gateway::{DrillMode, DrillUnderWay};

use crate::fault::whole_seconds;
use crate::resilience::guard::{Breaker, BreakerSettings, Phase};

pub(crate) use acting::{Drill, DrilledTry};
pub(crate) use order::Order;
pub(crate) use verdict::{Answer, Cell, Verdict, declared, holds};

/// What is made to fail.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    /// By its name.
    Upstream(String),
    /// By its path.
    Route(String),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Plan {
    pub(crate) mode: DrillMode,
    /// The part of the requests that it befalls, from 0 to 1.
    pub(crate) rate: f64,
    pub(crate) delay: Duration,
    pub(crate) until: Instant,
}

#[derive(Debug, Default)]
pub(crate) struct Drills {
    /// What a request looks at.
    is_any: AtomicBool,
    plans: RwLock<BTreeMap<Place, UnderWay>>,
}

#[derive(Clone, Debug)]
struct UnderWay {
    plan: Plan,
    circuit: Arc<Breaker>,
    /// Whether the gateway's latest probe would have failed.
    fails_probe: Arc<AtomicBool>,
}

impl Drills {
    /// In place of what there was. `settings` are those of the circuit that the drill may open.
    pub(crate) fn begin(&self, place: Place, plan: Plan, settings: BreakerSettings) {
        // The gateway's probe asks for no route.
        let is_probed = settings.is_probed && matches!(place, Place::Upstream(_));
        let settings = BreakerSettings {
            is_probed,
            ..settings
        };
        let circuit = Arc::new(Breaker::new(settings, Instant::now()));
        let mut plans = self.plans.write().unwrap_or_else(PoisonError::into_inner);
        let under_way = UnderWay {
            plan,
            circuit,
            fails_probe: Arc::default(),
        };
        plans.insert(place, under_way);
        self.is_any.store(true, Ordering::Release);
    }

    /// Whether there was one.
    pub(crate) fn end(&self, place: &Place) -> bool {
        let mut plans = self.plans.write().unwrap_or_else(PoisonError::into_inner);
        let ended = plans.remove(place);
        self.is_any.store(!plans.is_empty(), Ordering::Release);
        ended.is_some_and(|ended| ended.plan.until > Instant::now())
    }

    /// As the operator is told.
    pub(crate) fn under_way(&self, now: Instant) -> Vec<DrillUnderWay> {
        let all = self.all(now);
        all.iter()
            .map(|(place, plan)| shown(place, plan, now))
            .collect()
    }

    /// Those under way.
    fn all(&self, now: Instant) -> Vec<(Place, Plan)> {
        let mut plans = self.plans.write().unwrap_or_else(PoisonError::into_inner);
        plans.retain(|_, under_way| under_way.plan.until > now);
        self.is_any.store(!plans.is_empty(), Ordering::Release);
        plans
            .iter()
            .map(|(place, under_way)| (place.clone(), under_way.plan))
            .collect()
    }

    /// The drill that a request runs into: the route's own before its upstream's. `part` is random, between 0 and 1: it
    /// says whether the drill makes this request fail.
    pub(crate) fn of(&self, upstream: &str, route: &str, part: f64) -> Option<Drill> {
        if !self.is_any.load(Ordering::Acquire) {
            return None;
        }
        let now = Instant::now();
        let plans = self.plans.read().unwrap_or_else(PoisonError::into_inner);
        let at = |place: Place| {
            let under_way = plans.get(&place)?;
            let is_of_route = matches!(place, Place::Route(_));
            (under_way.plan.until > now).then(|| Drill::new(under_way, is_of_route, part))
        };
        at(Place::Route(route.to_owned())).or_else(|| at(Place::Upstream(upstream.to_owned())))
    }

    /// Whether the answers of a route are late on purpose.
    pub(crate) fn is_slow(&self, upstream: &str, route: &str) -> bool {
        let drill = self.of(upstream, route, 0.0);
        drill.is_some_and(|drill| drill.mode() == DrillMode::Slow)
    }

    /// Fails as often as it takes to open the circuit of the upstream's drill: what a few clients would do at first.
    pub(crate) fn open(&self, upstream: &str, failures: u32) {
        if let Some(drill) = self.of(upstream, "", 0.0) {
            (0..failures).for_each(|_| drill.check(false, Duration::MAX));
        }
    }

    /// Whether the gateway's latest probe would have failed by the upstream's drill.
    pub(crate) fn fails_probe(&self, upstream: &str) -> bool {
        let drill = self.of(upstream, "", 0.0);
        drill.is_some_and(|drill| drill.fails_probe())
    }

    /// How the circuit is that the upstream's drill may open.
    pub(crate) fn phase(&self, upstream: &str) -> Phase {
        let drill = self.of(upstream, "", 0.0);
        drill.map_or(Phase::Closed, |drill| drill.phase())
    }
}

impl Place {
    /// The upstream's name or the route's path.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Upstream(name) | Self::Route(name) => name,
        }
    }
}

/// As the operator is told.
pub(crate) fn shown(place: &Place, plan: &Plan, now: Instant) -> DrillUnderWay {
    let is_slow = plan.mode == DrillMode::Slow;
    DrillUnderWay {
        target: place.name().to_owned(),
        mode: plan.mode,
        rate: plan.rate,
        delay_seconds: is_slow.then_some(plan.delay.as_secs_f64()),
        ends_in_seconds: whole_seconds(plan.until.saturating_duration_since(now)),
    }
}

#[cfg(test)]
mod tests;
