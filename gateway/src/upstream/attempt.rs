//! One try at an upstream, behind its guard: the circuits and a permit admit it, a drill may fail
//! it, and the counters and the circuits learn the outcome.

use std::time::{Duration, Instant};

use super::outcome::{Heard, settle};
use super::running::Upstream;
use crate::fault::Fault;
use crate::resilience::client::Client;
use crate::resilience::drills::{Drill, DrilledTry};
use crate::resilience::guard::{Intake, Permit};

/// A request to be tried.
pub(crate) struct Attempt<'a> {
    pub(crate) upstream: &'a Upstream,
    /// The number of the route's circuit.
    pub(crate) circuit: usize,
    /// How much of the request's body has arrived.
    pub(crate) intake: Intake,
    /// The client whose share of the upstream it takes. `None` for the gateway's own requests.
    pub(crate) client: Option<Client>,
    /// The failure drill that applies to it.
    pub(crate) drill: Option<&'a Drill>,
}

/// A try that was admitted.
pub(crate) struct Tried<T> {
    pub(crate) outcome: Result<T, Fault>,
    pub(crate) permit: Permit,
    /// How long it took.
    pub(crate) elapsed: Duration,
}

/// What the drill, if any, does to a try before the upstream is asked.
pub(crate) struct Acting<'a>(Option<&'a DrilledTry>);

impl Acting<'_> {
    /// Fails or delays the try.
    ///
    /// # Errors
    /// The failure that the drill simulates.
    pub(crate) async fn act(&self) -> Result<(), Fault> {
        match self.0 {
            Some(drilled) => drilled.act().await,
            None => Ok(()),
        }
    }
}

impl Attempt<'_> {
    /// Makes the try. `exchange` lets the drill act, asks the upstream, and keeps to its own
    /// deadline in both.
    ///
    /// # Errors
    /// The try was not admitted.
    pub(crate) async fn make<T>(
        &self,
        exchange: impl AsyncFnOnce(Acting<'_>) -> Result<T, Fault>,
        heard: impl Fn(&T) -> Heard,
    ) -> Result<Tried<T>, Fault> {
        let Self {
            upstream, intake, ..
        } = *self;
        let admitted = upstream.guard.let_in((self.circuit, intake), self.client);
        let (ticket, permit) = admitted.await?;
        let drilled = self.drill.map(|drill| drill.admit(intake)).transpose();
        let drilled = drilled.inspect_err(|open| upstream.metrics.refused(open))?;
        let began = Instant::now();
        let outcome = exchange(Acting(drilled.as_ref())).await;
        let outcome = match &drilled {
            Some(drilled) => drilled.judge(outcome),
            None => outcome,
        };
        let elapsed = began.elapsed();
        let heard = outcome.as_ref().map(heard);
        let status = heard.map(|heard| heard.status);
        upstream.metrics.exchanged(status, elapsed);
        settle(ticket, drilled, heard);
        Ok(Tried {
            outcome,
            permit,
            elapsed,
        })
    }
}
