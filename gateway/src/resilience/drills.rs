//! Failure drills: for a while and on purpose, an upstream or one route looks as if it failed.
//!
//! A drill acts where the upstream would be asked, so everything around it is real: retries, stale
//! answers, problems. A drill sends nothing, ends by itself, and its answers are marked. Drills are
//! off unless `GATEWAY_DRILLS` is on.
//!
//! A drill has its own circuit breaker, with the settings of the real one. Its open circuit ends
//! with the drill, and the real breaker learns only from the real upstream, which the gateway goes
//! on probing.

mod acting;
mod order;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use shared_types::gateway::{DrillMode, DrillUnderWay};

use crate::fault::whole_seconds;
use crate::resilience::guard::{Breaker, BreakerSettings, Phase};

pub(crate) use acting::{Drill, DrilledTry};
pub(crate) use order::Order;

/// The target of a drill.
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
    /// The share of the requests that the drill affects, from 0 to 1.
    pub(crate) rate: f64,
    pub(crate) delay: Duration,
    pub(crate) until: Instant,
}

impl Plan {
    fn fails_every_request(&self) -> bool {
        let is_sure = self.rate >= 1.0;
        match self.mode {
            DrillMode::Down | DrillMode::Errors | DrillMode::Reset => is_sure,
            DrillMode::Slow | DrillMode::Flaky => false,
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct Drills {
    /// Whether there is any drill. This is all that a request reads without one.
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
    /// Replaces any drill at this place. `settings` are those of the circuit that the drill may
    /// open.
    pub(crate) fn begin(&self, place: Place, plan: Plan, settings: BreakerSettings) {
        // The gateway's probe asks no route.
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
            // Otherwise the state would show only after the next probe.
            fails_probe: Arc::new(AtomicBool::new(is_probed && plan.fails_every_request())),
        };
        plans.insert(place, under_way);
        self.is_any.store(true, Ordering::Release);
    }

    /// Whether a drill was under way.
    pub(crate) fn end(&self, place: &Place) -> bool {
        let mut plans = self.plans.write().unwrap_or_else(PoisonError::into_inner);
        let ended = plans.remove(place);
        self.is_any.store(!plans.is_empty(), Ordering::Release);
        ended.is_some_and(|ended| ended.plan.until > Instant::now())
    }

    /// Ends the drills at the places that a new configuration does not have.
    pub(crate) fn retain(&self, has: impl Fn(&Place) -> bool) {
        let mut plans = self.plans.write().unwrap_or_else(PoisonError::into_inner);
        plans.retain(|place, _| has(place));
        self.is_any.store(!plans.is_empty(), Ordering::Release);
    }

    /// The drills under way, as the operator sees them.
    pub(crate) fn under_way(&self, now: Instant) -> Vec<DrillUnderWay> {
        let all = self.all(now);
        all.iter()
            .map(|(place, plan)| shown(place, plan, now))
            .collect()
    }

    /// The places of the drills under way.
    pub(crate) fn places(&self, now: Instant) -> Vec<Place> {
        self.all(now).into_iter().map(|(place, _)| place).collect()
    }

    /// The drills under way. Removes those that are over.
    fn all(&self, now: Instant) -> Vec<(Place, Plan)> {
        let mut plans = self.plans.write().unwrap_or_else(PoisonError::into_inner);
        plans.retain(|_, under_way| under_way.plan.until > now);
        self.is_any.store(!plans.is_empty(), Ordering::Release);
        plans
            .iter()
            .map(|(place, under_way)| (place.clone(), under_way.plan))
            .collect()
    }

    /// The drill for a request: a route's own drill comes before its upstream's. `part` is random,
    /// between 0 and 1, and decides whether the drill affects this request.
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

    /// Whether a drill delays the answers of a route.
    pub(crate) fn is_slow(&self, upstream: &str, route: &str) -> bool {
        let drill = self.of(upstream, route, 0.0);
        drill.is_some_and(|drill| drill.mode() == DrillMode::Slow)
    }

    /// Opens the circuit of the upstream's drill with as many failures as it takes, as the first
    /// few clients would.
    pub(crate) fn open(&self, upstream: &str, failures: u32) {
        if let Some(drill) = self.of(upstream, "", 0.0) {
            (0..failures).for_each(|_| drill.check(false, Duration::MAX));
        }
    }

    /// Whether the upstream's drill would have failed the gateway's latest probe.
    pub(crate) fn fails_probe(&self, upstream: &str) -> bool {
        let drill = self.of(upstream, "", 0.0);
        drill.is_some_and(|drill| drill.fails_probe())
    }

    /// The state of the circuit that the upstream's drill may open.
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

/// A drill, as the operator sees it.
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
