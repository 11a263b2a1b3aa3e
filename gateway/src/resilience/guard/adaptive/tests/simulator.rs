//! A discrete-event simulation: requests come at random (Poisson), the limit refuses or admits
//! them, and a fixed number of servers works on them in turn, each for a time that varies
//! (exponential). What waits longer than two seconds is late, and counts for nothing.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use super::super::{Adaptive, AdaptiveSettings, Sample};

const LATE: Duration = Duration::from_secs(2);

/// From a time on: the mean service time, and the load as a multiple of the capacity at first.
#[derive(Clone, Copy)]
pub(super) struct Stretch {
    from: Duration,
    service: Duration,
    load: f64,
}

impl Stretch {
    pub(super) fn at(from: Duration, service: Duration, load: f64) -> Self {
        Self {
            from,
            service,
            load,
        }
    }
}

#[derive(Clone, Copy)]
pub(super) struct Limits {
    pub(super) least: usize,
    pub(super) most: usize,
}

pub(super) struct Simulation {
    adaptive: Adaptive,
    start: Instant,
    now: Duration,
    capacity: usize,
    phases: Vec<Stretch>,
    random: StdRng,
    next_arrival: Duration,
    /// When each busy server is done, and when its request came.
    busy: BinaryHeap<Reverse<(Duration, Duration)>>,
    queue: VecDeque<Duration>,
    limits: Limits,
    began: Duration,
    good: u64,
    refused: u64,
}

impl Simulation {
    pub(super) fn new(
        settings: AdaptiveSettings,
        capacity: usize,
        seed: u64,
        phases: Vec<Stretch>,
    ) -> Self {
        let start = Instant::now();
        Self {
            adaptive: Adaptive::new(settings, 1, start),
            start,
            now: Duration::ZERO,
            capacity,
            phases,
            random: StdRng::seed_from_u64(seed),
            next_arrival: Duration::ZERO,
            busy: BinaryHeap::new(),
            queue: VecDeque::new(),
            limits: Limits {
                least: settings.floor,
                most: settings.floor,
            },
            began: Duration::ZERO,
            good: 0,
            refused: 0,
        }
    }

    /// Begins counting anew.
    pub(super) fn forget(&mut self) {
        let limit = self.adaptive.limit();
        self.limits = Limits {
            least: limit,
            most: limit,
        };
        (self.began, self.good, self.refused) = (self.now, 0, 0);
    }

    pub(super) fn limits(&self) -> Limits {
        self.limits
    }

    pub(super) fn refused(&self) -> u64 {
        self.refused
    }

    /// Good answers, as a share of what the servers could do at their present speed.
    pub(super) fn goodput(&self) -> f64 {
        let seconds = (self.now - self.began).as_secs_f64();
        let possible = seconds * self.capacity as f64 / self.phase().service.as_secs_f64();
        self.good as f64 / possible
    }

    pub(super) fn run_until(&mut self, end: Duration) {
        while self.now < end {
            let done = self.busy.peek().map(|Reverse((at, _))| *at);
            match done {
                Some(at) if at <= self.next_arrival => self.finish(),
                _ => self.arrive(),
            }
        }
    }

    fn phase(&self) -> Stretch {
        let begun = self.phases.iter().filter(|phase| phase.from <= self.now);
        *begun.last().unwrap()
    }

    /// A time that varies about this mean.
    fn random(&mut self, mean: f64) -> Duration {
        let even: f64 = self.random.random();
        Duration::from_secs_f64(-(1.0 - even).ln() * mean)
    }

    fn in_flight(&self) -> usize {
        self.busy.len() + self.queue.len()
    }

    fn arrive(&mut self) {
        self.now = self.next_arrival;
        let rate = self.capacity as f64 / self.phases[0].service.as_secs_f64() * self.phase().load;
        self.next_arrival = self.now + self.random(1.0 / rate);
        if self.in_flight() >= self.adaptive.limit() {
            self.refused += 1;
        } else if self.busy.len() < self.capacity {
            self.serve(self.now);
        } else {
            self.queue.push_back(self.now);
        }
    }

    fn serve(&mut self, came: Duration) {
        let done = self.now + self.random(self.phase().service.as_secs_f64());
        self.busy.push(Reverse((done, came)));
    }

    fn finish(&mut self) {
        let in_flight = self.in_flight();
        let Some(Reverse((at, came))) = self.busy.pop() else {
            return;
        };
        self.now = at;
        let latency = at - came;
        self.good += u64::from(latency < LATE);
        let sample = Sample {
            route: 0,
            latency,
            in_flight,
            is_overload: latency >= LATE,
        };
        if let Some(limit) = self.adaptive.learn(sample, self.start + at) {
            self.limits.least = self.limits.least.min(limit);
            self.limits.most = self.limits.most.max(limit);
        }
        if let Some(came) = self.queue.pop_front() {
            self.serve(came);
        }
    }
}
