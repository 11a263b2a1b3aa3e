//! Guards one upstream: circuit breakers, a concurrency limit, a budget for retries. All workers
//! share it, or each would have to find out by itself that the upstream is down.
//!
//! The parts decide and do no I/O; this module puts them together. An admitted request takes no
//! lock.

mod adaptive;
mod breaker;
mod budget;
mod circuits;
mod evidence;
mod gate;
mod hearing;
mod names;
mod passage;
mod places;
mod shares;
mod ticket;
mod window;
mod witness;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Instant, SystemTime};

use shared_types::gateway::FailureKind;

use adaptive::Adaptive;
pub(crate) use adaptive::Sample;
pub(crate) use breaker::{Admission, Breaker, BreakerSettings, Intake, Phase, Trial};
use budget::Budget;
use circuits::Circuits;
pub(crate) use evidence::Evidence;
use gate::Gate;
pub(crate) use gate::{GateSettings, NoPermit, Overloaded, Permit, TunnelPermit};
pub(crate) use hearing::Hearing;
pub(crate) use names::RouteName;
use passage::Change;
pub(crate) use ticket::{Check, Ticket};
pub(crate) use witness::Witness;

use crate::fault::{CircuitOpen, Fault, Scope};
use crate::metrics::UpstreamMetrics;
use crate::resilience::client::Client;
use crate::resilience::priority::Priority;

pub(crate) struct Guard {
    circuits: Circuits,
    gate: Arc<Gate>,
    /// What moves the gate's limit, unless it is fixed.
    adaptive: Option<Adaptive>,
    budget: Arc<Budget>,
    last_fault: Arc<Mutex<Option<LastFault>>>,
    /// When the upstream's circuit opened or closed, for the operator alone.
    changed_at: Arc<Mutex<SystemTime>>,
    name: Arc<str>,
    pub(crate) metrics: Arc<UpstreamMetrics>,
}

/// The latest failure, for the operator alone.
#[derive(Clone, Debug)]
pub(crate) struct LastFault {
    pub(crate) kind: FailureKind,
    pub(crate) cause: Arc<str>,
    pub(crate) at: SystemTime,
}

impl Guard {
    /// `routes` are the routes to the upstream.
    pub(crate) fn of(
        name: &Arc<str>,
        (breaker, gate): (BreakerSettings, GateSettings),
        routes: &[RouteName],
        metrics: &Arc<UpstreamMetrics>,
    ) -> Arc<Self> {
        Arc::new(Self {
            circuits: Circuits::new(breaker, routes, Instant::now()),
            gate: Gate::new(gate),
            adaptive: adaptive(gate, routes),
            budget: Arc::default(),
            last_fault: Arc::default(),
            changed_at: Arc::new(Mutex::new(SystemTime::now())),
            name: Arc::clone(name),
            metrics: Arc::clone(metrics),
        })
    }

    /// The guard of the same upstream in a new configuration. What is configured as before goes on:
    /// open circuits, permits in use, the retries that are allowed.
    pub(crate) fn succeeding(
        &self,
        (breaker, gate): (BreakerSettings, GateSettings),
        routes: &[RouteName],
        metrics: &Arc<UpstreamMetrics>,
    ) -> Arc<Self> {
        let has_same_gate = self.gate.settings() == gate;
        let known = self.adaptive.as_ref().filter(|_| has_same_gate);
        let old: Vec<_> = self.routes().map(|(name, _)| name.clone()).collect();
        Arc::new(Self {
            circuits: self.circuits.succeeding(breaker, routes, Instant::now()),
            gate: match has_same_gate {
                true => Arc::clone(&self.gate),
                false => Gate::new(gate),
            },
            adaptive: match known {
                Some(known) => Some(known.with_routes(&old, routes, Instant::now())),
                None => adaptive(gate, routes),
            },
            budget: Arc::clone(&self.budget),
            last_fault: Arc::clone(&self.last_fault),
            changed_at: Arc::clone(&self.changed_at),
            name: Arc::clone(&self.name),
            metrics: Arc::clone(metrics),
        })
    }

    /// Admits a request of a route, given by its index among the upstream's routes.
    ///
    /// # Errors
    /// The circuit is open.
    pub(crate) fn admit(
        self: &Arc<Self>,
        route: usize,
        intake: Intake,
    ) -> Result<Ticket, CircuitOpen> {
        let passage = self.circuits.admit(route, intake, Instant::now())?;
        Ok(Ticket::new(self, passage))
    }

    /// Begins the gateway's own probe. `None` if it may not ask now.
    pub(crate) fn check(self: &Arc<Self>) -> Option<Check> {
        let check = self.circuits.check(Instant::now())?;
        Some(Check::new(self, check))
    }

    /// Admits a request of `client` once the circuits are closed and there is a permit. `client` is
    /// `None` for the gateway's own requests, which count against no client's share.
    ///
    /// # Errors
    /// The request is refused, and counted as such.
    pub(crate) async fn let_in(
        self: &Arc<Self>,
        (route, intake): (usize, Intake),
        (client, priority): (Option<Client>, Priority),
    ) -> Result<(Ticket, Permit), Fault> {
        let entered = async {
            let ticket = self.admit(route, intake)?;
            let permit = self.enter(client, priority).await;
            let permit = permit.inspect_err(|_| self.count_shed(priority))?;
            Ok((ticket, permit))
        };
        entered
            .await
            .inspect_err(|fault| self.metrics.refused(fault))
    }

    /// Learns from the end of a request what the upstream can take. Nothing is learned from a
    /// request that a client or a drill made slow: it is `None`.
    pub(crate) fn learn(&self, sample: impl FnOnce(usize) -> Option<Sample>) {
        if let Some(adaptive) = &self.adaptive
            && let Some(sample) = sample(self.gate.in_flight())
            && let Some(limit) = adaptive.learn(sample, Instant::now())
        {
            self.gate.set_limit(limit);
        }
    }

    /// How many requests may be under way now.
    pub(crate) fn limit(&self) -> usize {
        self.gate.limit()
    }

    fn count_shed(&self, priority: Priority) {
        let [critical, normal, sheddable] = &self.metrics.shed;
        match priority {
            Priority::Critical => critical.inc(),
            Priority::Normal => normal.inc(),
            Priority::Sheddable => sheddable.inc(),
        }
    }

    /// Waits for a permit.
    ///
    /// # Errors
    /// No permit was free, and none was given back in time.
    pub(crate) async fn enter(
        &self,
        client: Option<Client>,
        priority: Priority,
    ) -> Result<Permit, NoPermit> {
        self.gate.enter(client, priority).await
    }

    /// Counts another tunnel of `client`.
    ///
    /// # Errors
    /// There are as many as may be, or the client has used its share.
    pub(crate) fn tunnel(&self, client: Option<Client>) -> Result<TunnelPermit, NoPermit> {
        self.gate.tunnel(client)
    }

    /// Counts a request towards the retries that are allowed.
    pub(crate) fn count_request(&self) {
        self.budget.deposit();
    }

    pub(crate) fn may_retry(&self) -> bool {
        self.budget.withdraw()
    }

    /// Records that an answer of the route broke off after a good start.
    pub(crate) fn broke_off(&self, route: usize, witness: Witness, cause: &str) {
        self.failed(FailureKind::Broken, cause);
        let (circuits, now) = (&self.circuits, Instant::now());
        let changes = circuits.settle_later(route, Evidence::Broken, witness, now);
        self.tell(route, changes, cause);
    }

    /// Whether both tell the same circuit of the same upstream.
    pub(crate) fn has_circuit_of(&self, other: &Self) -> bool {
        self.circuits.shares_upstream_with(&other.circuits)
    }

    /// The phase of the upstream's circuit.
    pub(crate) fn phase(&self) -> Phase {
        self.circuits.phase(Instant::now())
    }

    /// What is known of the upstream while its circuit is closed.
    pub(crate) fn hearing(&self) -> Hearing {
        self.circuits.hearing()
    }

    /// How many of the gateway's own probes have failed since the start.
    pub(crate) fn failed_probes(&self) -> u64 {
        self.circuits.failed_probes()
    }

    /// The phase of a route's circuit.
    pub(crate) fn route_phase(&self, route: usize) -> Phase {
        self.circuits.route_phase(route, Instant::now())
    }

    pub(crate) fn routes(&self) -> impl Iterator<Item = (&RouteName, Phase)> {
        self.circuits.routes(Instant::now())
    }

    /// The number of permits in use.
    pub(crate) fn in_flight(&self) -> usize {
        self.gate.in_flight()
    }

    /// The number of exchanges that wait for their clients to take the answers.
    pub(crate) fn transfers(&self) -> usize {
        self.gate.transfers()
    }

    pub(crate) fn last_fault(&self) -> Option<LastFault> {
        let last = self.last_fault.lock();
        last.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// When the upstream's circuit last opened or closed; before that, when it was built.
    pub(crate) fn changed_at(&self) -> SystemTime {
        *self
            .changed_at
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn failed(&self, kind: FailureKind, cause: &str) {
        let fault = LastFault {
            kind,
            cause: cause.into(),
            at: SystemTime::now(),
        };
        let last = self.last_fault.lock();
        *last.unwrap_or_else(PoisonError::into_inner) = Some(fault);
    }

    /// Counts and logs circuits that have opened or closed.
    fn tell(&self, route: usize, changes: impl IntoIterator<Item = Option<Change>>, cause: &str) {
        let upstream = &*self.name;
        for change in changes.into_iter().flatten() {
            if matches!(
                change,
                Change::Opened(Scope::Upstream) | Change::Closed(Scope::Upstream)
            ) {
                let changed_at = self.changed_at.lock();
                *changed_at.unwrap_or_else(PoisonError::into_inner) = SystemTime::now();
            }
            let path = self.circuits.name(route).map_or("-", |name| &*name.path);
            match change {
                Change::Opened(Scope::Upstream) => {
                    self.metrics.opened.inc();
                    log::warn!(upstream = upstream; "the circuit is open: {cause}");
                }
                Change::Closed(Scope::Upstream) => {
                    self.metrics.closed.inc();
                    log::info!(upstream = upstream; "the circuit is closed: the upstream answers again");
                }
                Change::Opened(Scope::Route) => {
                    self.metrics.route_changed(route, true);
                    log::warn!(upstream = upstream, route = path; "the route's circuit is open: {cause}");
                }
                Change::Closed(Scope::Route) => {
                    self.metrics.route_changed(route, false);
                    log::info!(upstream = upstream, route = path; "the route's circuit is closed: it is answered again");
                }
            }
        }
    }
}

fn adaptive(gate: GateSettings, routes: &[RouteName]) -> Option<Adaptive> {
    let settings = gate.adaptive()?;
    Some(Adaptive::new(settings, routes.len(), Instant::now()))
}
