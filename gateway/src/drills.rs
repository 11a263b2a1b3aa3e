//! Failure drills: an upstream, or one route, made to look as if it failed, for a while and on purpose.
//!
//! A drill acts where the upstream would be asked, so that everything around it is the real thing: breaker, retries,
//! stale answers, problems. It sends nothing, ends by itself, and its answers are marked. Off unless `GATEWAY_DRILLS`
//! is on.

mod order;
mod verdict;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock};
use std::time::{Duration, Instant};

use shared_types::gateway::{DrillMode, DrillUnderWay};

use tokio::time::sleep;

use crate::fault::{Fault, UpstreamFault, whole_seconds};

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

/// What befalls one request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Drill {
    plan: Plan,
    /// It tells nothing of the upstream as a whole.
    pub(crate) is_of_route: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Drills {
    /// What a request looks at.
    is_any: AtomicBool,
    plans: RwLock<BTreeMap<Place, Plan>>,
}

impl Drills {
    /// In place of what there was.
    pub(crate) fn begin(&self, place: Place, plan: Plan) {
        let mut plans = self.plans.write().unwrap_or_else(PoisonError::into_inner);
        plans.insert(place, plan);
        self.is_any.store(true, Ordering::Release);
    }

    /// Whether there was one.
    pub(crate) fn end(&self, place: &Place) -> bool {
        let mut plans = self.plans.write().unwrap_or_else(PoisonError::into_inner);
        let ended = plans.remove(place);
        self.is_any.store(!plans.is_empty(), Ordering::Release);
        ended.is_some_and(|plan| plan.until > Instant::now())
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
        plans.retain(|_, plan| plan.until > now);
        self.is_any.store(!plans.is_empty(), Ordering::Release);
        plans
            .iter()
            .map(|(place, plan)| (place.clone(), *plan))
            .collect()
    }

    /// The one that a request runs into: the route's own before its upstream's.
    fn plan(&self, upstream: &str, route: &str, now: Instant) -> Option<Drill> {
        if !self.is_any.load(Ordering::Acquire) {
            return None;
        }
        let plans = self.plans.read().unwrap_or_else(PoisonError::into_inner);
        let at = |place: Place, is_of_route| {
            let plan = plans.get(&place).filter(|plan| plan.until > now).copied();
            plan.map(|plan| Drill { plan, is_of_route })
        };
        at(Place::Route(route.to_owned()), true)
            .or_else(|| at(Place::Upstream(upstream.to_owned()), false))
    }

    /// What befalls a request. `part` is random, between 0 and 1.
    pub(crate) fn befall(&self, upstream: &str, route: &str, part: f64) -> Option<Drill> {
        self.plan(upstream, route, Instant::now())
            .filter(|drill| part < drill.plan.rate)
    }

    /// How an answer is marked that would have been another without the drill.
    pub(crate) fn mark(&self, upstream: &str, route: &str) -> Option<DrillMode> {
        self.plan(upstream, route, Instant::now())
            .map(|drill| drill.plan.mode)
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

impl Drill {
    /// Does it.
    ///
    /// # Errors
    /// The failure that is rehearsed.
    pub(crate) async fn act(&self) -> Result<(), Fault> {
        let cause = match self.plan.mode {
            DrillMode::Slow => {
                sleep(self.plan.delay).await;
                return Ok(());
            }
            DrillMode::Down | DrillMode::Flaky => "drill: the upstream takes no connection",
            DrillMode::Errors => "drill: the upstream answers 503",
            DrillMode::Reset => "drill: the upstream drops the connection",
        };
        let retry_after = self.plan.until.saturating_duration_since(Instant::now());
        Err(Fault::upstream(UpstreamFault::Drill { retry_after }, cause))
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
mod tests {
    use std::time::{Duration, Instant};

    use shared_types::gateway::DrillMode;

    use super::{Drills, Place, Plan};

    fn plan(mode: DrillMode, rate: f64) -> Plan {
        Plan {
            mode,
            rate,
            delay: Duration::ZERO,
            until: Instant::now() + Duration::from_secs(60),
        }
    }

    #[test]
    fn a_route_s_drill_comes_before_its_upstream_s() {
        let drills = Drills::default();
        assert_eq!(drills.mark("orders", "/menu"), None);
        drills.begin(
            Place::Upstream("orders".to_owned()),
            plan(DrillMode::Down, 1.0),
        );
        drills.begin(Place::Route("/menu".to_owned()), plan(DrillMode::Slow, 1.0));
        assert_eq!(drills.mark("orders", "/menu"), Some(DrillMode::Slow));
        assert_eq!(drills.mark("orders", "/orders"), Some(DrillMode::Down));
        assert_eq!(drills.mark("kitchen", "/kitchen"), None);
        assert!(drills.befall("orders", "/menu", 0.0).unwrap().is_of_route);
    }

    #[test]
    fn it_befalls_the_part_of_the_requests_that_was_asked_for() {
        let drills = Drills::default();
        drills.begin(
            Place::Upstream("orders".to_owned()),
            plan(DrillMode::Flaky, 0.25),
        );
        assert!(drills.befall("orders", "/menu", 0.2).is_some());
        assert!(drills.befall("orders", "/menu", 0.25).is_none());
    }

    #[test]
    fn it_ends_by_itself() {
        let drills = Drills::default();
        let place = Place::Upstream("orders".to_owned());
        let over = Plan {
            until: Instant::now(),
            ..plan(DrillMode::Down, 1.0)
        };
        drills.begin(place.clone(), over);
        assert!(drills.befall("orders", "/menu", 0.0).is_none());
        assert!(drills.all(Instant::now()).is_empty());
        assert!(!drills.end(&place));
    }
}
