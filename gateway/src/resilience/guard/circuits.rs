//! The circuits of one upstream: its own, and one for each of its routes. Decides which of them an
//! outcome concerns, and does no I/O.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::time::Instant;

use super::breaker::{Admission, Breaker, BreakerSettings, Condition, Intake, Phase, Trial};
use super::evidence::{Against, Evidence, Probe};
use super::hearing::Hearing;
use super::names::RouteName;
use super::passage::{Change, Check, Passage};
use super::witness::{Witness, Witnesses};
use crate::fault::{CircuitOpen, Scope};

/// A circuit is shared with the circuits of an earlier configuration that has it too, so that what
/// is known of the upstream outlives a reload.
pub(crate) struct Circuits {
    settings: BreakerSettings,
    upstream: Arc<UpstreamCircuit>,
    routes: Box<[Arc<RouteCircuit>]>,
}

struct UpstreamCircuit {
    breaker: Breaker,
    /// A [`Probe`], as a number.
    probe: AtomicU8,
    failed_probes: AtomicU64,
    /// Whether any request has been answered.
    has_answered: AtomicBool,
    witnesses: Witnesses,
}

struct RouteCircuit {
    name: RouteName,
    breaker: Breaker,
    witnesses: Witnesses,
}

impl Circuits {
    pub(super) fn new(settings: BreakerSettings, names: &[RouteName], now: Instant) -> Self {
        Self::build(settings, names, None, now)
    }

    /// The circuits of a new configuration. Those with the same name and settings go on.
    pub(super) fn succeeding(
        &self,
        settings: BreakerSettings,
        names: &[RouteName],
        now: Instant,
    ) -> Self {
        let earlier = Some(self).filter(|earlier| earlier.settings == settings);
        Self::build(settings, names, earlier, now)
    }

    pub(super) fn shares_upstream_with(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.upstream, &other.upstream)
    }

    fn build(
        settings: BreakerSettings,
        names: &[RouteName],
        earlier: Option<&Self>,
        now: Instant,
    ) -> Self {
        // The gateway's probe asks no route: a client's request finds out whether a route works
        // again.
        let of_route = BreakerSettings {
            is_probed: false,
            ..settings
        };
        let routes = names.iter().map(|name| {
            let known = earlier.and_then(|earlier| {
                let mut routes = earlier.routes.iter();
                routes.find(|route| route.name == *name)
            });
            known.map_or_else(
                || {
                    Arc::new(RouteCircuit {
                        name: name.clone(),
                        breaker: Breaker::new(of_route, now),
                        witnesses: Witnesses::default(),
                    })
                },
                Arc::clone,
            )
        });
        let routes = routes.collect();
        let upstream = earlier.map_or_else(
            || Arc::new(UpstreamCircuit::new(settings, now)),
            |earlier| Arc::clone(&earlier.upstream),
        );
        Self {
            settings,
            upstream,
            routes,
        }
    }

    /// # Errors
    /// The circuit of the upstream or of the route is open.
    pub(super) fn admit(
        &self,
        route: usize,
        intake: Intake,
        now: Instant,
    ) -> Result<Passage, CircuitOpen> {
        let upstream_trial = admitted(self.upstream.breaker.admit(intake, now), Scope::Upstream)?;
        let of_route = match self.routes.get(route) {
            Some(circuit) => circuit.breaker.admit(intake, now),
            None => Admission::Pass,
        };
        let route_trial = admitted(of_route, Scope::Route).inspect_err(|_| {
            if let Some(trial) = upstream_trial {
                self.upstream.breaker.trial_abandoned(trial, now);
            }
        })?;
        Ok(Passage {
            route,
            upstream_trial,
            route_trial,
        })
    }

    /// Begins the gateway's own probe. `None` if it may not ask now.
    pub(super) fn check(&self, now: Instant) -> Option<Check> {
        match self.upstream.breaker.try_out(Intake::Whole, now) {
            Admission::Pass => Some(Check { trial: None }),
            Admission::Trial(trial) => Some(Check { trial: Some(trial) }),
            Admission::Refused { .. } => None,
        }
    }

    /// Records the outcome of a request, from this replica.
    pub(super) fn settle(
        &self,
        passage: Passage,
        evidence: Evidence,
        witness: Witness,
        now: Instant,
    ) -> [Option<Change>; 2] {
        // An unconditional store would make all cores fetch the cache line again.
        if evidence.is_answer() && !self.upstream.has_answered.load(Ordering::Relaxed) {
            self.upstream.has_answered.store(true, Ordering::Relaxed);
        }
        let others = || self.others(passage.route, now);
        let against = evidence.against(self.probe(), others);
        if self.is_spared(passage.route, against, witness) {
            self.abandon(passage, now);
            return [None, None];
        }
        match against {
            Against::Nobody => self.succeeded(passage, now),
            Against::Route => self.route_failed(passage, evidence, now),
            Against::Upstream => [self.upstream_failed(passage, now), None],
        }
    }

    /// Whether another replica speaks for the party that the outcome counts against.
    fn is_spared(&self, route: usize, against: Against, witness: Witness) -> bool {
        let route = self.routes.get(route).map(|route| &route.witnesses);
        match against {
            Against::Nobody => {
                self.upstream.witnesses.succeeded(witness);
                if let Some(route) = route {
                    route.succeeded(witness);
                }
                false
            }
            Against::Route => route.is_some_and(|route| route.failed(witness)),
            Against::Upstream => {
                if let Some(route) = route {
                    route.failed(witness);
                }
                self.upstream.witnesses.failed(witness)
            }
        }
    }

    /// Like [`Self::settle`], for a request that was already settled as answered.
    pub(super) fn settle_later(
        &self,
        route: usize,
        evidence: Evidence,
        witness: Witness,
        now: Instant,
    ) -> [Option<Change>; 2] {
        let passage = Passage {
            route,
            upstream_trial: None,
            route_trial: None,
        };
        self.settle(passage, evidence, witness, now)
    }

    fn succeeded(&self, passage: Passage, now: Instant) -> [Option<Change>; 2] {
        let upstream = match passage.upstream_trial {
            Some(_) => self.close(now),
            None => {
                self.upstream.breaker.succeeded(now);
                None
            }
        };
        let route = self.routes.get(passage.route).and_then(|route| {
            if passage.route_trial.is_some() {
                let closes = route.breaker.trial_succeeded(now);
                return closes.then_some(Change::Closed(Scope::Route));
            }
            route.breaker.succeeded(now);
            None
        });
        [upstream, route]
    }

    fn route_failed(
        &self,
        passage: Passage,
        evidence: Evidence,
        now: Instant,
    ) -> [Option<Change>; 2] {
        let upstream = match passage.upstream_trial {
            Some(_) if evidence.is_answer() => self.close(now),
            Some(trial) => {
                self.upstream.breaker.trial_abandoned(trial, now);
                None
            }
            None => {
                if evidence.is_answer() {
                    self.upstream.breaker.end_run();
                }
                None
            }
        };
        let route = self.routes.get(passage.route).and_then(|route| {
            let retry_after = evidence.retry_after();
            let opens = match (passage.route_trial, retry_after) {
                (Some(trial), _) => {
                    route.breaker.trial_failed(trial, retry_after, now);
                    false
                }
                (None, Some(retry_after)) => route.breaker.refused(retry_after, now),
                (None, None) => route.breaker.failed(now),
            };
            opens.then_some(Change::Opened(Scope::Route))
        });
        [upstream, route]
    }

    fn upstream_failed(&self, passage: Passage, now: Instant) -> Option<Change> {
        if let Some(route) = self.routes.get(passage.route) {
            route.breaker.count_failure(now);
            if let Some(trial) = passage.route_trial {
                route.breaker.trial_abandoned(trial, now);
            }
        }
        match passage.upstream_trial {
            Some(trial) => {
                self.upstream.breaker.trial_failed(trial, None, now);
                None
            }
            None => self.fail(now),
        }
    }

    fn fail(&self, now: Instant) -> Option<Change> {
        let opens = self.upstream.breaker.failed(now);
        opens.then_some(Change::Opened(Scope::Upstream))
    }

    /// Records the outcome of the gateway's own probe.
    pub(super) fn settle_check(&self, check: Check, is_well: bool, now: Instant) -> Option<Change> {
        let probe = if is_well { Probe::Well } else { Probe::Failing };
        self.upstream.probe.store(probe as u8, Ordering::Relaxed);
        if !is_well {
            self.upstream.failed_probes.fetch_add(1, Ordering::Relaxed);
        }
        match (check.trial, is_well) {
            (Some(_), true) => self.close(now),
            (Some(trial), false) => {
                self.upstream.breaker.trial_failed(trial, None, now);
                None
            }
            (None, true) => {
                self.upstream.breaker.end_run();
                None
            }
            (None, false) => self.fail(now),
        }
    }

    /// Ends a request without evidence: its client has gone, or was too slow.
    pub(super) fn abandon(&self, passage: Passage, now: Instant) {
        if let Some(trial) = passage.upstream_trial {
            self.upstream.breaker.trial_abandoned(trial, now);
        }
        if let Some(trial) = passage.route_trial
            && let Some(route) = self.routes.get(passage.route)
        {
            route.breaker.trial_abandoned(trial, now);
        }
    }

    pub(super) fn abandon_check(&self, check: Check, now: Instant) {
        if let Some(trial) = check.trial {
            self.upstream.breaker.trial_abandoned(trial, now);
        }
    }

    pub(super) fn phase(&self, now: Instant) -> Phase {
        self.upstream.breaker.phase(now)
    }

    pub(super) fn hearing(&self) -> Hearing {
        Hearing::of(
            self.probe(),
            self.upstream.has_answered.load(Ordering::Relaxed),
        )
    }

    /// Counted since the start.
    pub(super) fn failed_probes(&self) -> u64 {
        self.upstream.failed_probes.load(Ordering::Relaxed)
    }

    pub(super) fn route_phase(&self, route: usize, now: Instant) -> Phase {
        let route = self.routes.get(route);
        route.map_or(Phase::Closed, |route| route.breaker.phase(now))
    }

    pub(super) fn routes(&self, now: Instant) -> impl Iterator<Item = (&RouteName, Phase)> {
        let routes = self.routes.iter();
        routes.map(move |route| (&route.name, route.breaker.phase(now)))
    }

    pub(super) fn name(&self, route: usize) -> Option<&RouteName> {
        self.routes.get(route).map(|route| &route.name)
    }

    /// Closes the upstream's circuit. Its routes' failures during the outage say nothing of them
    /// and are forgotten.
    fn close(&self, now: Instant) -> Option<Change> {
        if !self.upstream.breaker.trial_succeeded(now) {
            return None;
        }
        self.routes
            .iter()
            .for_each(|route| route.breaker.forget(now));
        Some(Change::Closed(Scope::Upstream))
    }

    /// The state of the routes with another path. One good route makes it good.
    fn others(&self, route: usize, now: Instant) -> Condition {
        let own = self.name(route).map(|name| &name.path);
        let others = self.routes.iter();
        let others = others.filter(|other| Some(&other.name.path) != own);
        let mut sum = Condition::Unheard;
        for other in others {
            match other.breaker.condition(now) {
                Condition::Well => return Condition::Well,
                Condition::Failing => sum = Condition::Failing,
                Condition::Unheard => {}
            }
        }
        sum
    }

    fn probe(&self) -> Probe {
        let probe = self.upstream.probe.load(Ordering::Relaxed);
        let all = [Probe::Unknown, Probe::Well, Probe::Failing];
        all.into_iter()
            .find(|one| *one as u8 == probe)
            .unwrap_or(Probe::Unknown)
    }
}

impl UpstreamCircuit {
    fn new(settings: BreakerSettings, now: Instant) -> Self {
        Self {
            breaker: Breaker::new(settings, now),
            probe: AtomicU8::new(Probe::Unknown as u8),
            failed_probes: AtomicU64::new(0),
            has_answered: AtomicBool::new(false),
            witnesses: Witnesses::default(),
        }
    }
}

fn admitted(admission: Admission, scope: Scope) -> Result<Option<Trial>, CircuitOpen> {
    match admission {
        Admission::Pass => Ok(None),
        Admission::Trial(trial) => Ok(Some(trial)),
        Admission::Refused { retry_after } => Err(CircuitOpen { scope, retry_after }),
    }
}

#[cfg(test)]
mod tests;
