//! What stands between the requests and one upstream: a circuit breaker, a limit on what is in flight, a budget for
//! retries. Shared by all workers, or each would have to find out for itself that an upstream is down.
//!
//! The parts decide and do no I/O; this puts them together. A request that goes through takes no lock.

mod breaker;
mod budget;
mod gate;
mod shares;
mod window;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use breaker::Admission;
pub(crate) use breaker::{Breaker, BreakerSettings, Phase};
use budget::Budget;
use gate::Gate;
pub(crate) use gate::{GateSettings, NoPermit, Overloaded, Permit};

use crate::config::Upstream;
use crate::fault::Fault;
use crate::metrics::UpstreamMetrics;
use crate::rate::Client;

pub(crate) struct Guard {
    breaker: Breaker,
    gate: Arc<Gate>,
    budget: Budget,
    last_fault: Mutex<Option<LastFault>>,
    name: Arc<str>,
    pub(crate) metrics: Arc<UpstreamMetrics>,
}

/// For the operator alone.
#[derive(Clone, Debug)]
pub(crate) struct LastFault {
    pub(crate) cause: Arc<str>,
    pub(crate) at: SystemTime,
}

/// The circuit is open: the upstream is not asked until then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CircuitOpen {
    pub(crate) retry_after: Duration,
}

/// A request that was let through, whose end the breaker waits for. Without one, as when the client has gone, it is
/// no evidence either way.
pub(crate) struct Ticket {
    guard: Arc<Guard>,
    kind: Kind,
    is_settled: bool,
}

/// What the breaker makes of an outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Request,
    /// The gateway's own question to an upstream that is well as far as is known.
    Check,
    /// What decides whether the circuit closes again.
    Probe,
}

impl Guard {
    pub(crate) fn of(upstream: &Upstream, metrics: &Arc<UpstreamMetrics>) -> Arc<Self> {
        Arc::new(Self {
            breaker: Breaker::new(upstream.breaker, Instant::now()),
            gate: Gate::new(upstream.gate),
            budget: Budget::default(),
            last_fault: Mutex::default(),
            name: Arc::clone(&upstream.name),
            metrics: Arc::clone(metrics),
        })
    }

    /// # Errors
    /// The circuit is open.
    pub(crate) fn admit(self: &Arc<Self>) -> Result<Ticket, CircuitOpen> {
        match self.breaker.admit(Instant::now()) {
            Admission::Pass => Ok(self.ticket(Kind::Request)),
            Admission::Probe => Ok(self.ticket(Kind::Probe)),
            Admission::Refused { retry_after } => Err(CircuitOpen { retry_after }),
        }
    }

    /// For whoever probes on purpose: `None` where nobody may right now.
    pub(crate) fn probe(self: &Arc<Self>) -> Option<Ticket> {
        let admission = self.breaker.probe(Instant::now());
        match admission {
            Admission::Pass => Some(self.ticket(Kind::Check)),
            Admission::Probe => Some(self.ticket(Kind::Probe)),
            Admission::Refused { .. } => None,
        }
    }

    fn ticket(self: &Arc<Self>, kind: Kind) -> Ticket {
        Ticket {
            guard: Arc::clone(self),
            kind,
            is_settled: false,
        }
    }

    /// Lets a request of `client` through once the circuit is closed and there is a permit for it. `client` is None for
    /// what the gateway asks by itself, which is no client's share.
    ///
    /// # Errors
    /// It is refused, which is counted.
    pub(crate) async fn let_in(
        self: &Arc<Self>,
        client: Option<Client>,
    ) -> Result<(Ticket, Permit), Fault> {
        let entered = async { Ok((self.admit()?, self.enter(client).await?)) };
        entered
            .await
            .inspect_err(|fault| self.metrics.refused(fault))
    }

    /// Waits for a permit.
    ///
    /// # Errors
    /// There is none, and none was given back in time.
    pub(crate) async fn enter(&self, client: Option<Client>) -> Result<Permit, NoPermit> {
        self.gate.enter(client).await
    }

    /// Counts a request towards the retries that are allowed.
    pub(crate) fn count_request(&self) {
        self.budget.deposit();
    }

    pub(crate) fn may_retry(&self) -> bool {
        self.budget.withdraw()
    }

    pub(crate) fn phase(&self) -> Phase {
        self.breaker.phase(Instant::now())
    }

    /// The permits that are held.
    pub(crate) fn in_flight(&self) -> usize {
        self.gate.in_flight()
    }

    /// The exchanges that wait for their clients to take the answers.
    pub(crate) fn transfers(&self) -> usize {
        self.gate.transfers()
    }

    pub(crate) fn last_fault(&self) -> Option<LastFault> {
        let last = self.last_fault.lock();
        last.unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn failed(&self, kind: Kind, cause: &str) {
        let fault = LastFault {
            cause: cause.into(),
            at: SystemTime::now(),
        };
        let last = self.last_fault.lock();
        *last.unwrap_or_else(PoisonError::into_inner) = Some(fault);
        let now = Instant::now();
        if kind == Kind::Probe {
            self.breaker.probe_failed(now);
        } else if self.breaker.failed(now) {
            self.metrics.opened.inc();
            log::warn!(upstream = &*self.name; "the circuit is open: {cause}");
        }
    }
}

impl Ticket {
    pub(crate) fn succeeded(mut self) {
        self.is_settled = true;
        let breaker = &self.guard.breaker;
        match self.kind {
            Kind::Request => breaker.succeeded(Instant::now()),
            Kind::Check => breaker.check_succeeded(),
            Kind::Probe => {
                if breaker.probe_succeeded(Instant::now()) {
                    self.guard.metrics.closed.inc();
                    log::info!(upstream = &*self.guard.name; "the circuit is closed: the upstream answers again");
                }
            }
        }
    }

    /// `cause` is for the operator.
    pub(crate) fn failed(mut self, cause: &str) {
        self.is_settled = true;
        self.guard.failed(self.kind, cause);
    }
}

impl Guard {
    /// An answer that had begun well broke off.
    pub(crate) fn broke_off(&self, cause: &str) {
        self.failed(Kind::Request, cause);
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if self.kind == Kind::Probe && !self.is_settled {
            self.guard.breaker.probe_abandoned(Instant::now());
        }
    }
}
