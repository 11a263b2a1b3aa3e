//! One circuit breaker: decides by the outcomes of requests whether the next one is sent. An
//! upstream has one, and each of its routes has one.
//!
//! 1. Closed, it lets every request pass. It opens on a run of failures, which finds a dead
//!    upstream within a few requests, or on a rate of failures, which finds an upstream that fails
//!    now and then. Among thousands of requests a run happens by chance, so a run counts only if the
//!    latest requests have failed at that rate as well.
//! 2. Open, it refuses every request until its time is over.
//! 3. Half-open, it lets one trial through. The head of the trial's answer closes the circuit; a
//!    failure opens it again.
//!
//! A request that passes takes no lock.

mod state;

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use shared_types::gateway::BreakerState;

use super::window::{Seen, Window};
use state::{CircuitState, Span};
pub(crate) use state::{Intake, Trial};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct BreakerSettings {
    /// Failures in a row that open it, if `percent` of the requests in the latest tenth of `window`
    /// failed too.
    pub(crate) failures: u32,
    /// Percentage of failures in `window` that opens it, once there are `minimum` requests.
    pub(crate) percent: u8,
    pub(crate) minimum: u32,
    pub(crate) window: Duration,
    /// How long it refuses requests before a trial.
    pub(crate) open: Duration,
    /// Whether the gateway's own probe is the only trial, so that no client's request is spent on
    /// one.
    pub(crate) is_probed: bool,
}

#[derive(Debug)]
pub(crate) struct Breaker {
    settings: BreakerSettings,
    /// Every request reads this; the other fields are touched only when something fails.
    is_closed: AtomicBool,
    run: AtomicU32,
    window: Window,
    state: Mutex<CircuitState>,
}

/// The state of a breaker, as people see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Closed,
    Open { retry_after: Duration },
    HalfOpen { retry_after: Duration },
}

impl Phase {
    pub(crate) fn state(self) -> BreakerState {
        match self {
            Self::Closed => BreakerState::Closed,
            Self::Open { .. } => BreakerState::Open,
            Self::HalfOpen { .. } => BreakerState::HalfOpen,
        }
    }

    /// How long until the upstream is asked again, if it is down.
    pub(crate) fn retry_after(self) -> Option<Duration> {
        match self {
            Self::Closed => None,
            Self::Open { retry_after } | Self::HalfOpen { retry_after } => Some(retry_after),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Admission {
    Pass,
    /// The request shows whether the upstream is available again.
    Trial(Trial),
    Refused {
        retry_after: Duration,
    },
}

/// The state that the latest outcomes show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    /// The latest request within the window succeeded.
    Well,
    /// The latest request within the window failed.
    Failing,
    /// There was no request within the window.
    Unheard,
}

impl Breaker {
    /// The window begins at `now`.
    pub(crate) fn new(settings: BreakerSettings, now: Instant) -> Self {
        Self {
            is_closed: AtomicBool::new(true),
            run: AtomicU32::new(0),
            window: Window::new(settings.window, now),
            state: Mutex::new(CircuitState::closed()),
            settings,
        }
    }

    /// Admits or refuses a client's request.
    pub(crate) fn admit(&self, intake: Intake, now: Instant) -> Admission {
        if self.is_closed.load(Ordering::Relaxed) {
            return Admission::Pass;
        }
        if self.settings.is_probed {
            return match self.phase(now) {
                Phase::Closed => Admission::Pass,
                Phase::Open { retry_after } | Phase::HalfOpen { retry_after } => {
                    Admission::Refused { retry_after }
                }
            };
        }
        self.try_out(intake, now)
    }

    /// Like [`Self::admit`], for a request that may be a trial.
    pub(crate) fn try_out(&self, intake: Intake, now: Instant) -> Admission {
        self.state().try_out(intake, now)
    }

    pub(crate) fn succeeded(&self, now: Instant) {
        self.end_run();
        self.window.count(now, false);
    }

    /// Ends a run of failures, and leaves their rate as it is: a good probe does not undo the
    /// failures of other requests.
    pub(crate) fn end_run(&self) {
        // An unconditional store would make all cores fetch the cache line again.
        if self.run.load(Ordering::Relaxed) != 0 {
            self.run.store(0, Ordering::Relaxed);
        }
    }

    /// Counts a failure. Returns whether it opened the circuit.
    pub(crate) fn failed(&self, now: Instant) -> bool {
        let run = self.count_failure(now);
        let seen = self.window.sum(now);
        let is_rate = seen.requests >= self.settings.minimum && self.is_too_many(seen);
        let is_run = run >= self.settings.failures && self.is_too_many(self.window.latest(now));
        (is_rate || is_run) && self.open(Span::of(self.settings.open), now)
    }

    /// Counts a refusal on purpose, with the time after which to ask again. A busy upstream takes
    /// some requests and refuses others, and knows best how many. The circuit therefore opens on a
    /// run of refusals only if the window holds nothing else. Returns whether it opened.
    pub(super) fn refused(&self, retry_after: Duration, now: Instant) -> bool {
        let run = self.count_failure(now);
        let seen = self.window.sum(now);
        let is_all = seen.failures == seen.requests;
        is_all && run >= self.settings.failures && self.open(Span::of_retry_after(retry_after), now)
    }

    /// Counts a failure that must not open this circuit. Returns how many there were in a row.
    pub(super) fn count_failure(&self, now: Instant) -> u32 {
        self.window.count(now, true);
        self.run.fetch_add(1, Ordering::Relaxed).saturating_add(1)
    }

    fn is_too_many(&self, seen: Seen) -> bool {
        let (failures, requests) = (u64::from(seen.failures), u64::from(seen.requests));
        failures * 100 >= requests * u64::from(self.settings.percent)
    }

    pub(super) fn condition(&self, now: Instant) -> Condition {
        let seen = self.window.sum(now);
        if seen.requests == 0 {
            Condition::Unheard
        } else if self.run.load(Ordering::Relaxed) == 0 {
            Condition::Well
        } else {
            Condition::Failing
        }
    }

    /// Returns whether the trial closed the circuit.
    pub(crate) fn trial_succeeded(&self, now: Instant) -> bool {
        let mut state = self.state();
        let closes = state.succeeded();
        if closes {
            self.run.store(0, Ordering::Relaxed);
            self.window.clear(now);
            self.window.count(now, false);
            self.is_closed.store(true, Ordering::Relaxed);
        }
        closes
    }

    /// `retry_after` is the upstream's own value, if it gave one.
    pub(crate) fn trial_failed(&self, trial: Trial, retry_after: Option<Duration>, now: Instant) {
        self.count_failure(now);
        let span = match retry_after {
            Some(time) => Span::of_retry_after(time),
            None => Span::of(self.settings.open),
        };
        self.state().failed(trial, span, now);
    }

    pub(crate) fn trial_abandoned(&self, trial: Trial, now: Instant) {
        self.state().abandoned(trial, now);
    }

    /// Starts over, if the circuit is closed.
    pub(super) fn forget(&self, now: Instant) {
        if self.is_closed.load(Ordering::Relaxed) {
            self.run.store(0, Ordering::Relaxed);
            self.window.clear(now);
        }
    }

    pub(crate) fn phase(&self, now: Instant) -> Phase {
        self.state().phase(now)
    }

    fn open(&self, span: Span, now: Instant) -> bool {
        let mut state = self.state();
        let opens = state.open(span, now);
        if opens {
            self.is_closed.store(false, Ordering::Relaxed);
        }
        opens
    }

    fn state(&self) -> MutexGuard<'_, CircuitState> {
        // Nothing panics while the lock is held.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
