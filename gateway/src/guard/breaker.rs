//! The circuit breaker: decides from the outcomes of requests whether an upstream is to be asked at all.
//!
//! Closed, it lets everything pass. It opens on a run of failures, which finds a dead upstream within a few requests,
//! or on a rate of them, which finds one that fails now and then. Among thousands of requests a run comes by chance: it
//! counts only where what has ended just now has failed at that rate as well. Open, it refuses until its time is over; then one
//! probe goes through, and its outcome closes it or opens it again. Where the gateway probes by itself, no request of a
//! client is spent on that.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use shared_types::gateway::BreakerState;

use super::window::{Seen, Window};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct BreakerSettings {
    /// Failures in a row that open it, where `percent` of the latest tenth of `window` have failed too.
    pub(crate) failures: u32,
    /// Percent of the requests in `window` that open it, once there are `minimum`.
    pub(crate) percent: u8,
    pub(crate) minimum: u32,
    pub(crate) window: Duration,
    /// How long it refuses before a probe.
    pub(crate) open: Duration,
    /// Requests of clients are no probes: the gateway asks by itself.
    pub(crate) is_probed: bool,
}

pub(crate) struct Breaker {
    settings: BreakerSettings,
    /// What a request looks at; the rest is only touched when something fails.
    is_closed: AtomicBool,
    run: AtomicU32,
    window: Window,
    state: Mutex<State>,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Closed,
    Open { until: Instant },
    HalfOpen,
}

/// Where a breaker is, for people.
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

    /// How long until the upstream is asked again, where it is down.
    pub(crate) fn retry_after(self) -> Option<Duration> {
        match self {
            Self::Closed => None,
            Self::Open { retry_after } | Self::HalfOpen { retry_after } => Some(retry_after),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Admission {
    Pass,
    /// The one request that is to show whether the upstream is back.
    Probe,
    Refused {
        retry_after: Duration,
    },
}

impl Breaker {
    /// `now` is when the window begins.
    pub(super) fn new(settings: BreakerSettings, now: Instant) -> Self {
        Self {
            is_closed: AtomicBool::new(true),
            run: AtomicU32::new(0),
            window: Window::new(settings.window, now),
            state: Mutex::new(State::Closed),
            settings,
        }
    }

    /// What becomes of a client's request.
    pub(super) fn admit(&self, now: Instant) -> Admission {
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
        self.probe(now)
    }

    /// The same, for what may be a probe.
    pub(super) fn probe(&self, now: Instant) -> Admission {
        let mut state = self.state();
        match *state {
            State::Closed => Admission::Pass,
            State::Open { until } if now >= until => {
                *state = State::HalfOpen;
                Admission::Probe
            }
            State::Open { until } => Admission::Refused {
                retry_after: until - now,
            },
            State::HalfOpen => Admission::Refused {
                retry_after: self.settings.open,
            },
        }
    }

    pub(super) fn succeeded(&self, now: Instant) {
        self.check_succeeded();
        self.window.count(now, false);
    }

    /// Ends a run of failures and does not weigh against them: that the upstream says it is well does not make what it
    /// fails at any better.
    pub(super) fn check_succeeded(&self) {
        // A store would have all cores fetch the line anew.
        if self.run.load(Ordering::Relaxed) != 0 {
            self.run.store(0, Ordering::Relaxed);
        }
    }

    /// Whether this opened it.
    pub(super) fn failed(&self, now: Instant) -> bool {
        let run = self.run.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        self.window.count(now, true);
        let seen = self.window.sum(now);
        let is_rate = seen.requests >= self.settings.minimum && self.is_too_many(seen);
        let is_run = run >= self.settings.failures && self.is_too_many(self.window.latest(now));
        if !is_rate && !is_run {
            return false;
        }
        let mut state = self.state();
        // What was under way when it opened is no news.
        let opens = matches!(*state, State::Closed);
        if opens {
            self.open(&mut state, now);
        }
        opens
    }

    fn is_too_many(&self, seen: Seen) -> bool {
        let (failures, requests) = (u64::from(seen.failures), u64::from(seen.requests));
        failures * 100 >= requests * u64::from(self.settings.percent)
    }

    /// Whether this closed it.
    pub(super) fn probe_succeeded(&self, now: Instant) -> bool {
        let mut state = self.state();
        let closes = matches!(*state, State::HalfOpen);
        if closes {
            *state = State::Closed;
            self.run.store(0, Ordering::Relaxed);
            self.window.clear(now);
            self.is_closed.store(true, Ordering::Relaxed);
        }
        closes
    }

    pub(super) fn probe_failed(&self, now: Instant) {
        let mut state = self.state();
        if matches!(*state, State::HalfOpen) {
            self.open(&mut state, now);
        }
    }

    /// The probe told nothing: the next may go at once.
    pub(super) fn probe_abandoned(&self, now: Instant) {
        let mut state = self.state();
        if matches!(*state, State::HalfOpen) {
            *state = State::Open { until: now };
        }
    }

    pub(super) fn phase(&self, now: Instant) -> Phase {
        match *self.state() {
            State::Closed => Phase::Closed,
            State::Open { until } => Phase::Open {
                retry_after: until.saturating_duration_since(now),
            },
            State::HalfOpen => Phase::HalfOpen {
                retry_after: self.settings.open,
            },
        }
    }

    fn open(&self, state: &mut State, now: Instant) {
        *state = State::Open {
            until: now + self.settings.open,
        };
        self.is_closed.store(false, Ordering::Relaxed);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it is held.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
