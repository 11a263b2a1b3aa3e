//! The state of a circuit (closed, open or half-open) and the trials under way. A plain value:
//! [`Breaker`](super::Breaker) has the lock.
//!
//! A trial holds back the next one for at most [`TRIAL`]. A longer one may be slow for its own
//! reasons: an answer that takes an hour, or a client that sends a byte a minute. Uploads have a
//! slot of their own, so that a slow client never takes the place of a request that the gateway has
//! whole.

use std::time::{Duration, Instant};

use super::{Admission, Phase};

/// How long a trial holds back the next one.
pub(super) const TRIAL: Duration = Duration::from_secs(1);

/// The longest time that a circuit stays open for a `Retry-After`: a wrong value must not close a
/// route for a day. The client still gets the upstream's own value.
pub(super) const LONGEST: Duration = Duration::from_secs(60);

/// How long a circuit is open.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub(super) open: Duration,
    /// The time that a client is told.
    pub(super) told: Duration,
}

impl Span {
    pub(super) fn of(open: Duration) -> Self {
        Self { open, told: open }
    }

    pub(super) fn of_retry_after(told: Duration) -> Self {
        Self {
            open: told.min(LONGEST),
            told,
        }
    }
}

/// How much of a request the gateway has when it sends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Intake {
    /// All of it: only the upstream is waited for.
    Whole,
    /// The client still sends the body.
    Streaming,
}

/// A request that shows whether the upstream is available again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Trial {
    serial: u32,
    intake: Intake,
}

#[derive(Debug)]
pub(super) struct CircuitState {
    now: Now,
    /// The number of the next trial.
    serial: u32,
}

#[derive(Clone, Copy, Debug)]
enum Now {
    Closed,
    Open {
        until: Instant,
        /// When a client is told to come back; this may be later.
        told: Instant,
    },
    HalfOpen {
        /// The first trial since the circuit was open. An earlier trial's failure no longer counts.
        first: u32,
        whole: Slot,
        streaming: Slot,
        told: Instant,
    },
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    /// The latest trial in this slot.
    serial: u32,
    /// When another trial may begin.
    next: Instant,
}

impl CircuitState {
    pub(super) fn closed() -> Self {
        Self {
            now: Now::Closed,
            serial: 0,
        }
    }

    pub(super) fn try_out(&mut self, intake: Intake, now: Instant) -> Admission {
        match &mut self.now {
            Now::Closed => Admission::Pass,
            Now::Open { until, told } if now >= *until => {
                let free = Slot {
                    serial: self.serial,
                    next: now,
                };
                self.now = Now::HalfOpen {
                    first: self.serial,
                    whole: free,
                    streaming: free,
                    told: *told,
                };
                self.try_out(intake, now)
            }
            Now::Open { told, .. } => Admission::Refused {
                retry_after: told.saturating_duration_since(now),
            },
            Now::HalfOpen {
                whole,
                streaming,
                told,
                ..
            } => {
                let slot = match intake {
                    Intake::Whole => whole,
                    Intake::Streaming => streaming,
                };
                if now < slot.next {
                    return Admission::Refused {
                        retry_after: slot.next.max(*told) - now,
                    };
                }
                let serial = self.serial;
                self.serial = serial.wrapping_add(1);
                *slot = Slot {
                    serial,
                    next: now + TRIAL,
                };
                Admission::Trial(Trial { serial, intake })
            }
        }
    }

    /// Opens the circuit if it is closed. Requests that were under way when it opened change
    /// nothing. Returns whether it opened.
    pub(super) fn open(&mut self, span: Span, now: Instant) -> bool {
        let opens = matches!(self.now, Now::Closed);
        if opens {
            self.now = open_for(span, now);
        }
        opens
    }

    /// Returns whether this closed the circuit.
    pub(super) fn succeeded(&mut self) -> bool {
        let closes = matches!(self.now, Now::HalfOpen { .. });
        if closes {
            self.now = Now::Closed;
        }
        closes
    }

    pub(super) fn failed(&mut self, trial: Trial, span: Span, now: Instant) {
        if let Now::HalfOpen { first, .. } = self.now
            && trial.serial >= first
        {
            self.now = open_for(span, now);
        }
    }

    /// Notes that a trial ended without a result. If it is the latest, the next may begin at once.
    pub(super) fn abandoned(&mut self, trial: Trial, now: Instant) {
        if let Now::HalfOpen {
            whole, streaming, ..
        } = &mut self.now
        {
            let slot = match trial.intake {
                Intake::Whole => whole,
                Intake::Streaming => streaming,
            };
            if slot.serial == trial.serial {
                slot.next = now;
            }
        }
    }

    pub(super) fn phase(&self, now: Instant) -> Phase {
        match self.now {
            Now::Closed => Phase::Closed,
            Now::Open { told, .. } => Phase::Open {
                retry_after: told.saturating_duration_since(now),
            },
            Now::HalfOpen { whole, told, .. } => Phase::HalfOpen {
                retry_after: whole.next.max(told).saturating_duration_since(now),
            },
        }
    }
}

fn open_for(span: Span, now: Instant) -> Now {
    Now::Open {
        until: now + span.open,
        told: now + span.told,
    }
}
