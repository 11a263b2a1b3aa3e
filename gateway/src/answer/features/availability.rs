//! The availability of each feature right now, by its upstreams and its cached answer.

use std::collections::BTreeMap;
use std::sync::Arc;

use shared_types::gateway::{Availability, ClosureTarget, FeatureStatus, Status};

use super::state::{Standings, Substitute, overall, state};
use super::{Feature, StandIn};
use crate::answer::cache::Cache;
use crate::resilience::closures::Closures;
use crate::upstream::{Standing, Upstream};

/// The features in a running gateway.
pub(crate) type RunningFeatures = Arc<[Feature<Arc<Upstream>>]>;

impl Feature<Arc<Upstream>> {
    pub(crate) fn does_need(&self, upstream: &Arc<Upstream>) -> bool {
        has(&self.needs, upstream)
    }

    /// What the configuration says of the feature while this upstream is down.
    pub(crate) fn declared(&self, upstream: &Arc<Upstream>) -> Availability {
        self.declared_without(|one| Arc::ptr_eq(one, upstream))
    }

    pub(crate) fn status(&self, cache: &Cache, closures: &Closures) -> FeatureStatus {
        let substitute = match &self.stand_in {
            Some(StandIn::Stored(policy)) => {
                let target = &self.probe.target;
                let age = cache.age(policy, target.path(), target.query());
                age.map(Substitute::Stored)
            }
            Some(StandIn::Kept(keeper)) => {
                (keeper.standing() == Standing::Up).then_some(Substitute::Promise)
            }
            None => None,
        };
        let standings = Standings {
            needs: &self.standings(&self.needs),
            uses: &self.standings(&self.uses),
            closed: closures.of_feature(&self.name),
        };
        let state = state(standings, substitute);
        let closure = closures.notice(|target| self.is_closed_by(target));
        let present = closure.as_ref();
        let present = present.filter(|_| state.status == Availability::Closed);
        FeatureStatus {
            waiting: self.waiting(),
            until: present.map(|closure| closure.until),
            reason: present.map(|closure| closure.reason.clone()),
            closure,
            ..state
        }
    }

    /// Whether a closure of this target closes the feature.
    fn is_closed_by(&self, target: &ClosureTarget) -> bool {
        match target {
            ClosureTarget::Feature(name) => *name == self.name,
            ClosureTarget::Upstream(name) => self.needs.iter().any(|one| **one.name() == **name),
        }
    }

    /// The requests that are kept for it, if there are any.
    fn waiting(&self) -> Option<u64> {
        match self.stand_in.as_ref()? {
            StandIn::Kept(keeper) => keeper.waiting(),
            StandIn::Stored(_) => None,
        }
    }

    fn standings<'f>(&self, upstreams: &'f [Arc<Upstream>]) -> Vec<(&'f str, Standing)> {
        let standings = upstreams.iter();
        let standings = standings.map(|upstream| (&**upstream.name(), self.standing_of(upstream)));
        standings.collect()
    }

    /// The upstream's standing. It is down for the feature too if the circuit of the feature's own
    /// route is open.
    fn standing_of(&self, upstream: &Arc<Upstream>) -> Standing {
        let route = self.route.as_ref();
        let route = route.filter(|route| Arc::ptr_eq(&route.upstream, upstream));
        let wait = route.and_then(|route| upstream.guard.route_phase(route.circuit).retry_after());
        match (upstream.standing(), wait) {
            (shut @ (Standing::Down(_) | Standing::Closed(_)), _) => shut,
            (_, Some(wait)) => Standing::Down(wait),
            (standing, None) => standing,
        }
    }
}

fn has(upstreams: &[Arc<Upstream>], upstream: &Arc<Upstream>) -> bool {
    upstreams.iter().any(|one| Arc::ptr_eq(one, upstream))
}

/// The availability of all features, for everybody.
pub(crate) fn status(
    features: &[Feature<Arc<Upstream>>],
    cache: &Cache,
    closures: &Closures,
) -> Status {
    let features = features.iter();
    let features = features.map(|feature| (feature.name.clone(), feature.status(cache, closures)));
    let features = BTreeMap::from_iter(features);
    let states: Vec<_> = features.values().map(|feature| feature.status).collect();
    Status {
        status: overall(states),
        features,
    }
}
