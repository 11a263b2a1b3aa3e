//! Requests and probes under way, until their outcome is known.

use std::sync::Arc;
use std::time::Instant;

use shared_types::gateway::FailureKind;

use super::passage::{self, Passage};
use super::{Evidence, Guard, Witness};

/// An admitted request whose outcome the circuits wait for. If it is dropped without one, as when
/// its client has gone, it is no evidence.
pub(crate) struct Ticket {
    guard: Arc<Guard>,
    passage: Passage,
    is_settled: bool,
}

/// The gateway's own probe of the upstream.
pub(crate) struct Check {
    guard: Arc<Guard>,
    check: passage::Check,
    is_settled: bool,
}

impl Ticket {
    pub(super) fn new(guard: &Arc<Guard>, passage: Passage) -> Self {
        Self {
            guard: Arc::clone(guard),
            passage,
            is_settled: false,
        }
    }

    /// `witness` is the replica that was asked. `cause` tells the operator why the request failed.
    pub(crate) fn settle(mut self, evidence: Evidence, witness: Witness, cause: &str) {
        self.is_settled = true;
        let guard = &self.guard;
        if let Some(kind) = evidence.failure() {
            guard.failed(kind, cause);
        }
        let now = Instant::now();
        let changes = guard.circuits.settle(self.passage, evidence, witness, now);
        guard.tell(self.passage.route, changes, cause);
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if !self.is_settled {
            self.guard.circuits.abandon(self.passage, Instant::now());
        }
    }
}

impl Check {
    pub(super) fn new(guard: &Arc<Guard>, check: passage::Check) -> Self {
        Self {
            guard: Arc::clone(guard),
            check,
            is_settled: false,
        }
    }

    pub(crate) fn succeeded(self) {
        self.settle(Ok(()));
    }

    /// `cause` tells the operator why the probe failed.
    pub(crate) fn failed(self, cause: &str) {
        self.settle(Err(cause));
    }

    fn settle(mut self, outcome: Result<(), &str>) {
        self.is_settled = true;
        let guard = &self.guard;
        let cause = outcome.err().unwrap_or_default();
        if outcome.is_err() {
            guard.failed(FailureKind::Probe, cause);
        }
        let now = Instant::now();
        let change = guard
            .circuits
            .settle_check(self.check, outcome.is_ok(), now);
        guard.tell(usize::MAX, [change], cause);
    }
}

impl Drop for Check {
    fn drop(&mut self) {
        if !self.is_settled {
            self.guard
                .circuits
                .abandon_check(self.check, Instant::now());
        }
    }
}
