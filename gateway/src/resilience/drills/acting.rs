//! Applies a drill to one request.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use shared_types::gateway::DrillMode;
use tokio::time::sleep;

use super::{Plan, UnderWay};
use crate::fault::{CircuitOpen, Fault, Scope, UpstreamFault};
use crate::resilience::guard::{Admission, Breaker, Evidence, Intake, Phase, Trial};

/// The drill that applies to a request.
#[derive(Clone, Debug)]
pub(crate) struct Drill {
    plan: Plan,
    circuit: Arc<Breaker>,
    fails_probe: Arc<AtomicBool>,
    is_of_route: bool,
    /// Whether the drill affects this request: it affects only a share of them.
    befalls: bool,
}

/// One try of the request, admitted by the drill's circuit. If it is dropped before it ends, it is
/// no evidence.
#[derive(Debug)]
pub(crate) struct DrilledTry {
    drill: Drill,
    trial: Option<Trial>,
    is_settled: bool,
}

impl Drill {
    pub(super) fn new(under_way: &UnderWay, is_of_route: bool, part: f64) -> Self {
        Self {
            plan: under_way.plan,
            circuit: Arc::clone(&under_way.circuit),
            fails_probe: Arc::clone(&under_way.fails_probe),
            is_of_route,
            befalls: part < under_way.plan.rate,
        }
    }

    pub(crate) fn mode(&self) -> DrillMode {
        self.plan.mode
    }

    /// Whether the drill delays this request, whatever the answer is.
    pub(crate) fn is_slow(&self) -> bool {
        self.befalls && self.plan.mode == DrillMode::Slow
    }

    pub(super) fn fails_probe(&self) -> bool {
        self.fails_probe.load(Ordering::Relaxed)
    }

    pub(super) fn phase(&self) -> Phase {
        self.circuit.phase(Instant::now())
    }

    /// # Errors
    /// The drill has opened its circuit.
    pub(crate) fn admit(&self, intake: Intake) -> Result<DrilledTry, Fault> {
        let trial = match self.circuit.admit(intake, Instant::now()) {
            Admission::Pass => None,
            Admission::Trial(trial) => Some(trial),
            Admission::Refused { retry_after } => {
                let scope = if self.is_of_route {
                    Scope::Route
                } else {
                    Scope::Upstream
                };
                let open = CircuitOpen { scope, retry_after };
                return Err(Fault::circuit_open(open, Some(self.plan.mode)));
            }
        };
        Ok(DrilledTry {
            drill: self.clone(),
            trial,
            is_settled: false,
        })
    }

    /// Records what the gateway's probe would find. `is_well` is the upstream's real state; an
    /// answer after `patience` counts as a failure.
    pub(crate) fn check(&self, is_well: bool, wait: Duration) {
        let is_late = self.plan.delay >= wait;
        let fails = self.befalls && (self.plan.mode != DrillMode::Slow || is_late) || !is_well;
        self.fails_probe.store(fails, Ordering::Relaxed);
        let (circuit, now) = (&self.circuit, Instant::now());
        match (circuit.try_out(Intake::Whole, now), fails) {
            (Admission::Pass, false) => circuit.end_run(),
            (Admission::Pass, true) => {
                circuit.failed(now);
            }
            (Admission::Trial(_), false) => {
                circuit.trial_succeeded(now);
            }
            (Admission::Trial(trial), true) => circuit.trial_failed(trial, None, now),
            (Admission::Refused { .. }, _) => {}
        }
    }
}

impl DrilledTry {
    /// Fails or delays the try, as the drill's mode says.
    ///
    /// # Errors
    /// The failure that the drill simulates.
    pub(crate) async fn act(&self) -> Result<(), Fault> {
        let plan = &self.drill.plan;
        if !self.drill.befalls {
            return Ok(());
        }
        let cause = match plan.mode {
            DrillMode::Slow => {
                sleep(plan.delay).await;
                return Ok(());
            }
            DrillMode::Down | DrillMode::Flaky => "drill: the upstream takes no connection",
            DrillMode::Errors => "drill: the upstream answers 503",
            DrillMode::Reset => "drill: the upstream drops the connection",
        };
        Err(self.fault(cause))
    }

    /// Attributes a timeout to the drill if the drill delayed the try.
    pub(crate) fn judge<T>(&self, outcome: Result<T, Fault>) -> Result<T, Fault> {
        outcome.map_err(|fault| {
            if self.drill.is_slow() && fault.is_timeout() {
                self.fault("drill: no answer within the deadline")
            } else {
                fault
            }
        })
    }

    fn fault(&self, cause: &str) -> Fault {
        let plan = &self.drill.plan;
        let drill = UpstreamFault::Drill {
            mode: plan.mode,
            retry_after: plan.until.saturating_duration_since(Instant::now()),
        };
        Fault::upstream(drill, cause)
    }

    /// Tells the drill's circuit the outcome of the try.
    pub(crate) fn settle(mut self, evidence: Evidence) {
        self.is_settled = true;
        let (circuit, now) = (&self.drill.circuit, Instant::now());
        let is_well = evidence == Evidence::Answered;
        match (self.trial, is_well) {
            (None, true) => circuit.succeeded(now),
            (None, false) => {
                circuit.failed(now);
            }
            (Some(_), true) => {
                circuit.trial_succeeded(now);
            }
            (Some(trial), false) => circuit.trial_failed(trial, None, now),
        }
    }
}

impl Drop for DrilledTry {
    fn drop(&mut self) {
        if let Some(trial) = self.trial.filter(|_| !self.is_settled) {
            self.drill.circuit.trial_abandoned(trial, Instant::now());
        }
    }
}
