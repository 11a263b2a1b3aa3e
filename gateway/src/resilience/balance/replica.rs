//! The record of one replica: how fast it is, how often it fails, and whether it gets requests.
//!
//! All workers share it. Its figures are single numbers that are read and written without a lock:
//! when two workers write at once, one outcome of many is lost.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// The time in which the weight of an earlier latency falls to a third. A slower answer counts at
/// once, a faster one only with this delay, so that a replica which has become slow is noticed
/// before requests pile up at it.
const LATENCY_MEMORY: Duration = Duration::from_secs(2);

/// Added to each latency, in microseconds: differences far below a millisecond are chance.
const NOISE: f64 = 1000.0;

/// The time in which a latency is forgotten to a third while no answer comes. Otherwise one slow
/// answer would keep all requests away, and no other could show that the replica is fast again.
const LATENCY_FORGOTTEN: Duration = Duration::from_secs(5);

/// The weight of the latest outcome in the share of failures.
const OUTCOME_WEIGHT: f64 = 1.0 / 16.0;

/// The time in which a share of failures is forgotten to a third while nothing is heard.
const FAILURE_MEMORY: Duration = Duration::from_secs(5);

/// The outcomes that must be known before the share of failures says something.
const ENOUGH: u32 = 20;

/// The lowest share of successes that the cost takes into account, so that a failing replica is
/// still tried now and then.
const LEAST_SUCCESS: f64 = 0.02;

/// The time over which a replica that is new, or has returned, gets its full part of the requests.
const SLOW_START: Duration = Duration::from_secs(5);

/// The part that it begins with.
const FIRST_PART: f64 = 0.1;

/// How an exchange with a replica went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The head of an answer came. The time that it took, unless others had a part in it.
    Answered(Option<Duration>),
    /// It refused on purpose, 503 with `Retry-After`, or failed one request, as with a 500. It is
    /// asked less, and ejected only if its siblings answer such requests.
    Refused,
    /// It gave no answer, a broken one, or says that it is unavailable.
    Failed,
    /// It accepts no connection.
    Unreachable,
}

pub(crate) struct ReplicaState {
    /// A number below 64 that tells it from its siblings. Beyond 64 replicas, some share one.
    seat: u8,
    /// The instant that the times below are measured from, in microseconds.
    origin: Instant,
    in_flight: AtomicU32,
    /// Microseconds, as an `f64`. 0 as long as there is none.
    latency: AtomicU64,
    latency_at: AtomicU64,
    /// The share of recent outcomes that were failures, as an `f64`.
    failing: AtomicU64,
    failing_at: AtomicU64,
    /// The outcomes since it began or returned, up to a bound.
    outcomes: AtomicU32,
    failures_in_a_row: AtomicU32,
    is_probe_failing: AtomicBool,
    /// It gets nothing new before this time.
    ejected_until: AtomicU64,
    /// How often it was ejected without a long good time in between.
    ejections: AtomicU32,
    /// When it joined or returned.
    since: AtomicU64,
    answered: AtomicU64,
    failed: AtomicU64,
}

/// The figures that an operator sees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Figures {
    pub(crate) in_flight: u32,
    /// `None` before the first answer.
    pub(crate) latency: Option<Duration>,
    /// Whether it gets new requests.
    pub(crate) is_available: bool,
    /// How long it still gets none because of its failures.
    pub(crate) ejected_for: Option<Duration>,
    pub(crate) answered: u64,
    pub(crate) failed: u64,
}

impl ReplicaState {
    pub(crate) fn new(seat: usize, now: Instant) -> Self {
        Self {
            seat: (seat % 64) as u8,
            origin: now,
            in_flight: AtomicU32::default(),
            latency: AtomicU64::default(),
            latency_at: AtomicU64::default(),
            failing: AtomicU64::default(),
            failing_at: AtomicU64::default(),
            outcomes: AtomicU32::default(),
            failures_in_a_row: AtomicU32::default(),
            is_probe_failing: AtomicBool::default(),
            ejected_until: AtomicU64::default(),
            ejections: AtomicU32::default(),
            since: AtomicU64::default(),
            answered: AtomicU64::default(),
            failed: AtomicU64::default(),
        }
    }

    /// A set of seats with this one alone.
    pub(crate) fn bit(&self) -> u64 {
        1 << self.seat
    }

    pub(crate) fn began(&self) {
        self.in_flight.fetch_add(1, Relaxed);
    }

    pub(crate) fn ended(&self) {
        self.in_flight.fetch_sub(1, Relaxed);
    }

    /// Whether it gets new requests.
    pub(crate) fn is_available(&self, now: Instant) -> bool {
        !self.is_probe_failing.load(Relaxed) && !self.is_ejected(now)
    }

    fn is_ejected(&self, now: Instant) -> bool {
        self.micros(now) < self.ejected_until.load(Relaxed)
    }

    /// Notes an outcome. Ejecting is a decision of its own.
    pub(crate) fn note(&self, outcome: Outcome, now: Instant) {
        if let Outcome::Answered(elapsed) = outcome {
            if let Some(elapsed) = elapsed {
                self.note_latency(elapsed, now);
            }
            self.answered.fetch_add(1, Relaxed);
            if self.failures_in_a_row.load(Relaxed) != 0 {
                self.failures_in_a_row.store(0, Relaxed);
            }
        } else {
            self.failed.fetch_add(1, Relaxed);
            if outcome != Outcome::Refused {
                self.failures_in_a_row.fetch_add(1, Relaxed);
            }
        }
        let failed = f64::from(u8::from(!matches!(outcome, Outcome::Answered(_))));
        let before = self.failing(now);
        // Most outcomes are good ones of a replica that has none but good ones.
        if failed != 0.0 || before != 0.0 {
            let failing = before + (failed - before) * OUTCOME_WEIGHT;
            let failing = if failing < 1e-6 { 0.0 } else { failing };
            self.failing.store(failing.to_bits(), Relaxed);
            self.failing_at.store(self.micros(now), Relaxed);
        }
        let outcomes = self.outcomes.load(Relaxed);
        if outcomes < ENOUGH {
            self.outcomes.store(outcomes + 1, Relaxed);
        }
    }

    fn note_latency(&self, elapsed: Duration, now: Instant) {
        let latest = elapsed.as_secs_f64() * 1e6;
        let before = f64::from_bits(self.latency.load(Relaxed));
        let at = self.micros(now);
        let latency = if latest >= before {
            latest
        } else {
            let passed = since(&self.latency_at, at);
            let weight = (-passed.div_duration_f64(LATENCY_MEMORY)).exp();
            latest + (before - latest) * weight
        };
        self.latency.store(latency.to_bits(), Relaxed);
        self.latency_at.store(at, Relaxed);
    }

    /// The share of its recent outcomes that were failures.
    pub(super) fn failing(&self, now: Instant) -> f64 {
        let failing = f64::from_bits(self.failing.load(Relaxed));
        if failing == 0.0 {
            return 0.0;
        }
        let passed = since(&self.failing_at, self.micros(now));
        failing * (-passed.div_duration_f64(FAILURE_MEMORY)).exp()
    }

    pub(super) fn failures_in_a_row(&self) -> u32 {
        self.failures_in_a_row.load(Relaxed)
    }

    /// Whether it has returned after an ejection and not shown yet that it is well.
    pub(super) fn is_on_trial(&self) -> bool {
        !self.is_known() && self.ejections.load(Relaxed) > 0
    }

    /// Whether enough was heard of it to judge its share of failures.
    pub(super) fn is_known(&self) -> bool {
        self.outcomes.load(Relaxed) >= ENOUGH
    }

    /// Whether a request costs less here. A replica without a latency is taken to be as fast as the
    /// other, so that the first requests neither rush to a new replica nor pass it by.
    pub(super) fn is_cheaper_than(&self, other: &Self, now: Instant) -> bool {
        let latency = |one: &Self| one.latency(now);
        let (own, others) = match (latency(self), latency(other)) {
            (0.0, 0.0) => (1.0, 1.0),
            (0.0, others) => (others, others),
            (own, 0.0) => (own, own),
            both => both,
        };
        self.cost(own, now) < other.cost(others, now)
    }

    /// Microseconds; 0 as long as there is none.
    fn latency(&self, now: Instant) -> f64 {
        let latency = f64::from_bits(self.latency.load(Relaxed));
        if latency == 0.0 {
            return 0.0;
        }
        let passed = since(&self.latency_at, self.micros(now));
        latency * (-passed.div_duration_f64(LATENCY_FORGOTTEN)).exp()
    }

    fn cost(&self, latency: f64, now: Instant) -> f64 {
        let in_flight = f64::from(self.in_flight.load(Relaxed)) + 1.0;
        let success = (1.0 - self.failing(now)).max(LEAST_SUCCESS);
        // Squared: ten times the latency is no better because the others have ten times the requests.
        let slowness = (latency + NOISE).powi(2);
        slowness * in_flight / (success * success * self.part(now))
    }

    /// The part of its requests that it gets: less than all in its first seconds.
    fn part(&self, now: Instant) -> f64 {
        let passed = since(&self.since, self.micros(now));
        passed.div_duration_f64(SLOW_START).clamp(FIRST_PART, 1.0)
    }

    /// Notes what its probe says. Returns whether that is news.
    pub(crate) fn probed(&self, is_well: bool, now: Instant) -> bool {
        let was_failing = self.is_probe_failing.swap(!is_well, Relaxed);
        if was_failing && is_well {
            self.begin_anew(self.micros(now));
        }
        was_failing == is_well
    }

    /// Ejects it for `first`, doubled for each earlier ejection, and at most `longest`.
    pub(super) fn eject(&self, first: Duration, longest: Duration, now: Instant) -> Duration {
        if since(&self.since, self.micros(now)) > longest * 2 {
            self.ejections.store(0, Relaxed);
        }
        let earlier = self.ejections.fetch_add(1, Relaxed).min(16);
        let time = first.saturating_mul(1 << earlier).min(longest);
        let until = self.micros(now + time);
        self.ejected_until.store(until, Relaxed);
        self.begin_anew(until);
        time
    }

    /// Its figures before it was away say nothing of it.
    fn begin_anew(&self, at: u64) {
        self.since.store(at, Relaxed);
        self.failing.store(0, Relaxed);
        self.latency.store(0, Relaxed);
        self.outcomes.store(0, Relaxed);
        self.failures_in_a_row.store(0, Relaxed);
    }

    pub(crate) fn figures(&self, now: Instant) -> Figures {
        let latency = f64::from_bits(self.latency.load(Relaxed));
        let until = self.ejected_until.load(Relaxed);
        let left = until.saturating_sub(self.micros(now));
        Figures {
            in_flight: self.in_flight.load(Relaxed),
            latency: (latency > 0.0).then(|| Duration::from_secs_f64(latency / 1e6)),
            is_available: self.is_available(now),
            ejected_for: (left > 0).then(|| Duration::from_micros(left)),
            answered: self.answered.load(Relaxed),
            failed: self.failed.load(Relaxed),
        }
    }

    fn micros(&self, now: Instant) -> u64 {
        u64::try_from(now.saturating_duration_since(self.origin).as_micros()).unwrap_or(u64::MAX)
    }
}

/// How long before `now` the noted time was.
fn since(noted: &AtomicU64, now: u64) -> Duration {
    Duration::from_micros(now.saturating_sub(noted.load(Relaxed)))
}
