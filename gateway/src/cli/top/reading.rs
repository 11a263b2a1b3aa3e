//! The figures of one moment, from the text of `/metrics`.

use std::collections::BTreeMap;
use std::time::Instant;

use super::sample::Sample;
use crate::metrics::{PLANNED, REQUEST_SECONDS, REQUESTS, UPSTREAM_SECONDS};
use crate::operator::console::Times;

#[derive(Debug)]
pub(super) struct Reading {
    at: Instant,
    /// The clients' requests.
    pub(super) clients: Figures,
    /// The requests to each upstream.
    pub(super) upstreams: BTreeMap<String, Figures>,
    pub(super) connections: u64,
    pub(super) drills: u64,
    pub(super) closures: u64,
}

/// Counters since the gateway's start, and states.
#[derive(Debug, Default)]
pub(super) struct Figures {
    pub(super) requests: u64,
    pub(super) errors: u64,
    pub(super) times: Times,
    pub(super) in_flight: u64,
    /// `closed`, `open`, `half_open`, or `planned` under planned work; empty for the clients' requests.
    pub(super) circuit: String,
}

impl Reading {
    pub(super) fn of(text: &str) -> Self {
        let mut reading = Self {
            at: Instant::now(),
            clients: Figures::default(),
            upstreams: BTreeMap::new(),
            connections: 0,
            drills: 0,
            closures: 0,
        };
        for sample in text.lines().filter_map(Sample::of) {
            reading.take(&sample);
        }
        reading
    }

    pub(super) fn seconds_since(&self, earlier: &Self) -> f64 {
        self.at.duration_since(earlier.at).as_secs_f64()
    }

    fn take(&mut self, sample: &Sample<'_>) {
        let count = sample.value as u64;
        if let Some(part) = sample.name.strip_prefix(REQUEST_SECONDS) {
            self.clients.time(part, sample);
            return;
        }
        if let Some(part) = sample.name.strip_prefix(UPSTREAM_SECONDS) {
            self.upstream(sample).time(part, sample);
            return;
        }
        match sample.name {
            REQUESTS => self.clients.count(count, sample.label("status") == "5xx"),
            "gateway_requests_in_flight" => self.clients.in_flight = count,
            "gateway_connections" => self.connections = count,
            "gateway_drills" => self.drills = count,
            "gateway_closures" => self.closures = count,
            "gateway_upstream_requests_total" => {
                let is_error = !has_answered(&sample.label("result"));
                self.upstream(sample).count(count, is_error);
            }
            "gateway_upstream_requests_in_flight" => self.upstream(sample).in_flight = count,
            "gateway_upstream_breaker_state" if count == 1 => {
                let upstream = self.upstream(sample);
                // Whichever of the two comes first in the text.
                if upstream.circuit != PLANNED {
                    upstream.circuit = sample.label("state");
                }
            }
            "gateway_upstream_closed" if count == 1 => {
                self.upstream(sample).circuit = PLANNED.to_owned();
            }
            _ => {}
        }
    }

    fn upstream(&mut self, sample: &Sample<'_>) -> &mut Figures {
        let name = sample.label("upstream");
        self.upstreams.entry(name).or_default()
    }
}

/// Whether the result of a request to an upstream is none of its faults.
fn has_answered(result: &str) -> bool {
    ["1xx", "2xx", "3xx", "4xx", PLANNED].contains(&result)
}

impl Figures {
    fn count(&mut self, count: u64, is_error: bool) {
        self.requests += count;
        self.errors += if is_error { count } else { 0 };
    }

    /// Adds a bucket or the count of a histogram. Histograms of several routes have the same
    /// bounds.
    fn time(&mut self, part: &str, sample: &Sample<'_>) {
        let count = sample.value as u64;
        match part {
            "_count" => self.times.count += count,
            "_bucket" => {
                // The count has the last bucket's requests.
                let Some(bound) = sample
                    .label("le")
                    .parse()
                    .ok()
                    .filter(|le: &f64| le.is_finite())
                else {
                    return;
                };
                let mut buckets = self.times.buckets.iter_mut();
                match buckets.find(|(known, _)| *known == bound) {
                    Some((_, known)) => *known += count,
                    None => self.times.buckets.push((bound, count)),
                }
            }
            _ => {}
        }
    }
}
