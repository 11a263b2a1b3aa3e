//! Replicas, their queues and their clients on a virtual clock, to compare ways of choosing.
//!
//! Each replica serves four requests at a time, in 10 ms on average, and gets half of what it could
//! serve. One of them is bad in some way. There are no retries, so that every failure shows.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use super::ejection::settle;
use super::replica::Outcome;
use super::tests::Fleet;
use super::{Tried, choose};

const AT_ONCE: usize = 4;
const SERVICE: f64 = 0.01;
const LOAD: f64 = 0.5;
const FAILURE: f64 = 0.0005;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    RoundRobin,
    LeastInFlight,
    /// The one that the gateway takes.
    TwoChoices,
}

/// What is wrong with the first replica.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trouble {
    None,
    TenTimesSlower,
    FailsFast,
    /// A second of failures after each second of good answers.
    Flaps,
}

/// What the clients see.
#[derive(Debug)]
struct Seen {
    median: Duration,
    p99: Duration,
    /// The share of the requests that failed.
    failed: f64,
    /// The share of the requests that the bad replica got.
    bad: f64,
}

/// An event: at this time, this replica has finished the request that began then.
struct Ending {
    at: f64,
    replica: usize,
    began: f64,
    is_failure: bool,
}

struct Simulation {
    fleet: Fleet,
    trouble: Trouble,
    start: Instant,
    random: StdRng,
    /// When each request that waits at a replica was sent.
    queues: Vec<VecDeque<f64>>,
    busy: Vec<usize>,
    endings: std::collections::BinaryHeap<std::cmp::Reverse<(u64, usize)>>,
    under_way: Vec<Option<Ending>>,
    free: Vec<usize>,
    next: usize,
    latencies: Vec<f64>,
    failed: usize,
    /// The requests at the bad replica.
    bad: usize,
}

impl Simulation {
    fn new(count: usize, trouble: Trouble) -> Self {
        let start = Instant::now();
        Self {
            fleet: Fleet::of(count, start),
            trouble,
            start,
            random: StdRng::seed_from_u64(7),
            queues: (0..count).map(|_| VecDeque::new()).collect(),
            busy: vec![0; count],
            endings: std::collections::BinaryHeap::new(),
            under_way: Vec::new(),
            free: Vec::new(),
            next: 0,
            latencies: Vec::new(),
            failed: 0,
            bad: 0,
        }
    }

    fn run(mut self, way: Way, seconds: f64) -> Seen {
        let count = self.queues.len();
        let rate = LOAD * (count * AT_ONCE) as f64 / SERVICE;
        let mut now = 0.0;
        while now < seconds {
            now += self.exponential(1.0 / rate);
            self.finish_until(now);
            let replica = self.choose(way, now);
            self.fleet.0[replica].began();
            self.bad += usize::from(replica == 0);
            self.queues[replica].push_back(now);
            self.serve(replica, now);
        }
        self.latencies.sort_by(f64::total_cmp);
        let part = |part: f64| {
            let index = (self.latencies.len() as f64 * part) as usize;
            Duration::from_secs_f64(self.latencies[index])
        };
        let all = self.latencies.len() + self.failed;
        Seen {
            median: part(0.5),
            p99: part(0.99),
            failed: self.failed as f64 / all as f64,
            bad: self.bad as f64 / all as f64,
        }
    }

    fn choose(&mut self, way: Way, now: f64) -> usize {
        let count = self.queues.len();
        match way {
            Way::RoundRobin => {
                self.next = (self.next + 1) % count;
                self.next
            }
            Way::LeastInFlight => {
                let begin: usize = self.random.random_range(0..count);
                let all = (begin..count).chain(0..begin);
                let load = |index: &usize| self.queues[*index].len() + self.busy[*index];
                all.min_by_key(load).unwrap()
            }
            Way::TwoChoices => {
                let random = self.random.random();
                let at = self.at(now);
                choose(&self.fleet, Tried::default(), || random, || at).unwrap()
            }
        }
    }

    /// Begins what waits at a replica, as far as it has room.
    fn serve(&mut self, replica: usize, now: f64) {
        while self.busy[replica] < AT_ONCE {
            let Some(began) = self.queues[replica].pop_front() else {
                return;
            };
            self.busy[replica] += 1;
            let is_bad = replica == 0;
            let is_failure = is_bad
                && match self.trouble {
                    Trouble::FailsFast => true,
                    Trouble::Flaps => now % 2.0 >= 1.0,
                    Trouble::None | Trouble::TenTimesSlower => false,
                };
            let mean = match self.trouble {
                _ if is_failure => FAILURE,
                Trouble::TenTimesSlower if is_bad => 10.0 * SERVICE,
                _ => SERVICE,
            };
            let at = now + self.exponential(mean);
            let ending = Ending {
                at,
                replica,
                began,
                is_failure,
            };
            let place = self.free.pop().unwrap_or(self.under_way.len());
            if place == self.under_way.len() {
                self.under_way.push(None);
            }
            self.under_way[place] = Some(ending);
            let order = (at * 1e9) as u64;
            self.endings.push(std::cmp::Reverse((order, place)));
        }
    }

    fn finish_until(&mut self, now: f64) {
        while let Some(std::cmp::Reverse((_, place))) = self.endings.peek() {
            let place = *place;
            if self.under_way[place].as_ref().unwrap().at > now {
                return;
            }
            self.endings.pop();
            self.free.push(place);
            let ending = self.under_way[place].take().unwrap();
            let (replica, elapsed) = (ending.replica, ending.at - ending.began);
            let outcome = if ending.is_failure {
                self.failed += 1;
                Outcome::Failed
            } else {
                self.latencies.push(elapsed);
                Outcome::Answered(Some(Duration::from_secs_f64(elapsed)))
            };
            let at = self.at(ending.at);
            self.fleet.0[replica].ended();
            let _ = settle(&self.fleet, &self.fleet.0[replica], outcome, at);
            self.busy[replica] -= 1;
            self.serve(replica, ending.at);
        }
    }

    fn at(&self, now: f64) -> Instant {
        self.start + Duration::from_secs_f64(now)
    }

    fn exponential(&mut self, mean: f64) -> f64 {
        let uniform: f64 = self.random.random();
        -mean * (1.0 - uniform).ln()
    }
}

#[test]
fn a_bad_replica_of_three_is_felt_by_few() {
    for (trouble, p99, failed, bad) in [
        (Trouble::None, 80, 0.0, 0.4),
        (Trouble::TenTimesSlower, 60, 0.0, 0.01),
        (Trouble::FailsFast, 80, 0.004, 0.004),
        (Trouble::Flaps, 80, 0.004, 0.04),
    ] {
        let seen = Simulation::new(3, trouble).run(Way::TwoChoices, 20.0);
        assert!(
            seen.p99 < Duration::from_millis(p99),
            "{trouble:?}: {seen:?}"
        );
        assert!(seen.failed <= failed, "{trouble:?}: {seen:?}");
        assert!(seen.bad <= bad, "{trouble:?}: {seen:?}");
    }
}

/// Prints the table in docs/BENCHMARKS.md.
#[test]
#[ignore = "takes a minute; docs/BENCHMARKS.md says how to run it"]
fn table() {
    for trouble in [
        Trouble::None,
        Trouble::TenTimesSlower,
        Trouble::FailsFast,
        Trouble::Flaps,
    ] {
        for count in [3, 30, 300] {
            for way in [Way::RoundRobin, Way::LeastInFlight, Way::TwoChoices] {
                let seen = Simulation::new(count, trouble).run(way, 20.0);
                let millis = |time: Duration| time.as_secs_f64() * 1e3;
                println!(
                    "| {trouble:?} | {count} | {way:?} | {:.1} | {:.1} | {:.3} % |",
                    millis(seen.median),
                    millis(seen.p99),
                    100.0 * seen.failed
                );
            }
        }
    }
}
