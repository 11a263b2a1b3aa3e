//! One try at an upstream, behind its guard:
//!
//! 1. An announced closure refuses it. Nothing else learns of that.
//! 2. The circuits and a permit admit it, and a replica is chosen.
//! 3. A failure drill may fail or delay it. The caller lets it act within its own deadline, and then
//!    asks the replica.
//! 4. The counters, the replica's record and the circuits learn the outcome.

pub(crate) mod span;

use std::rc::Rc;
use std::time::{Duration, Instant};

use super::connection::pick::Pick;
use super::connection::replica_pools::ReplicaPools;
use super::outcome::{Heard, is_outage, is_overload, settle};
use super::running::Upstream;
use crate::fault::Fault;
use crate::resilience::balance::Tried;
use crate::resilience::client::Client;
use crate::resilience::drills::{Drill, DrilledTry};
use crate::resilience::guard::{Intake, Permit, Sample, Ticket};
use crate::resilience::priority::Priority;

/// A request to be tried.
pub(crate) struct Attempt<'a> {
    pub(crate) upstream: &'a Upstream,
    pub(crate) pools: &'a Rc<ReplicaPools>,
    /// The replicas that other tries of the same request have used.
    pub(crate) tried: Tried,
    /// The number of the route's circuit.
    pub(crate) circuit: usize,
    /// How much of the request's body has arrived.
    pub(crate) intake: Intake,
    /// The client whose share of the upstream it takes. `None` for the gateway's own requests.
    pub(crate) client: Option<Client>,
    pub(crate) priority: Priority,
    /// The failure drill that applies to it.
    pub(crate) drill: Option<&'a Drill>,
}

/// A try that was admitted.
pub(crate) struct Admitted<'a> {
    upstream: &'a Upstream,
    circuit: usize,
    intake: Intake,
    ticket: Ticket,
    permit: Permit,
    drilled: Option<DrilledTry>,
    pick: Pick,
    began: Instant,
}

impl<'a> Attempt<'a> {
    /// # Errors
    /// The try is refused, and counted as such.
    pub(crate) async fn admit(self) -> Result<Admitted<'a>, Fault> {
        let Self {
            upstream,
            circuit,
            intake,
            ..
        } = self;
        if let Some(closed) = upstream.closed(circuit) {
            let closed = Fault::closed(closed);
            upstream.metrics.refused(&closed);
            return Err(closed);
        }
        let asker = (self.client, self.priority);
        let admitted = upstream.guard.let_in((circuit, intake), asker);
        let (ticket, permit) = admitted.await?;
        let drilled = self.drill.map(|drill| drill.admit(intake)).transpose();
        let drilled = drilled.inspect_err(|open| upstream.metrics.refused(open))?;
        Ok(Admitted {
            upstream,
            circuit,
            intake,
            ticket,
            permit,
            drilled,
            pick: Pick::of(self.pools, self.tried),
            began: Instant::now(),
        })
    }
}

impl Admitted<'_> {
    /// Lets the drill act, if there is one, before the upstream is asked.
    ///
    /// # Errors
    /// The failure that the drill simulates.
    pub(crate) async fn act(&self) -> Result<(), Fault> {
        match &self.drilled {
            Some(drilled) => drilled.act().await,
            None => Ok(()),
        }
    }

    /// The outcome as the drill, if there is one, makes it look.
    pub(crate) fn judge<T>(&self, outcome: Result<T, Fault>) -> Result<T, Fault> {
        match &self.drilled {
            Some(drilled) => drilled.judge(outcome),
            None => outcome,
        }
    }

    /// The replica to ask.
    pub(crate) fn pick(&self) -> &Pick {
        &self.pick
    }

    /// The replicas that were tried, with this one.
    pub(super) fn tried(&self) -> Tried {
        self.pick.tried()
    }

    /// Tells the counters, the replica's record and the circuits. Returns the permit, and how long the try took.
    pub(crate) fn settle(self, outcome: Result<Heard, &Fault>) -> (Permit, Duration) {
        let elapsed = self.began.elapsed();
        let status = outcome.map(|heard| heard.status);
        self.upstream.metrics.exchanged(status, elapsed);
        // Neither a client that sends slowly nor a drill says anything of the replica's speed.
        let is_its_own = self.intake == Intake::Whole && self.drilled.is_none();
        let is_failure = status.map_or(true, is_outage);
        if is_failure && self.upstream.is_closed_for().is_some() {
            // It was under way when the planned work began: no evidence of an outage.
            return (self.permit, elapsed);
        }
        self.upstream.guard.learn(|in_flight| {
            let is_overload = is_overload(outcome)?;
            is_its_own.then_some(Sample {
                route: self.circuit,
                latency: elapsed,
                in_flight,
                is_overload,
            })
        });
        let asked = (&self.pick, is_its_own.then_some(elapsed));
        settle((self.ticket, self.drilled), asked, outcome);
        (self.permit, elapsed)
    }
}
