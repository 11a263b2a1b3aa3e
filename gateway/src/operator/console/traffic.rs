//! Computes the traffic between two readings.

use serde::Serialize;

use super::reading::Times;

/// The requests that ended between two readings.
#[derive(Debug, Serialize, PartialEq)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Traffic {
    pub(crate) requests: u64,
    pub(crate) p50_ms: Option<f64>,
    pub(crate) p99_ms: Option<f64>,
}

impl Traffic {
    pub(crate) fn between(before: Option<&Times>, after: &Times) -> Self {
        let times = before.map_or_else(|| after.clone(), |before| after.since(before));
        Self {
            requests: times.count,
            p50_ms: quantile(&times, 0.5),
            p99_ms: quantile(&times, 0.99),
        }
    }
}

/// A quantile in milliseconds, estimated like Prometheus' `histogram_quantile`: evenly spread
/// within a bucket, and at most the last bound. `None` without a request.
fn quantile(times: &Times, part: f64) -> Option<f64> {
    if times.count == 0 {
        return None;
    }
    let rank = times.count as f64 * part;
    let (mut lower, mut below) = (0.0, 0);
    for (bound, count) in &times.buckets {
        if *count as f64 >= rank && *count > below {
            let within = (rank - below as f64) / (count - below) as f64;
            return Some(millis(lower + (bound - lower) * within));
        }
        (lower, below) = (*bound, *count);
    }
    Some(millis(lower))
}

/// Rounds to the microsecond.
fn millis(seconds: f64) -> f64 {
    (seconds * 1e6).round() / 1e3
}

#[cfg(test)]
mod tests {
    use super::{Times, Traffic};

    fn times(counts: [u64; 3], count: u64) -> Times {
        let bounds = [0.001, 0.01, 0.1];
        Times {
            count,
            buckets: bounds.into_iter().zip(counts).collect(),
        }
    }

    #[test]
    fn earlier_requests_are_left_out() {
        let (before, after) = (times([5, 5, 5], 5), times([5, 15, 15], 15));
        let traffic = Traffic::between(Some(&before), &after);
        assert_eq!(traffic.requests, 10);
        // Halfway from 1 ms to 10 ms.
        assert_eq!(traffic.p50_ms, Some(5.5));
        let traffic = Traffic::between(None, &after);
        assert_eq!(traffic.requests, 15);
    }

    #[test]
    fn no_request_has_no_time() {
        let times = times([5, 5, 5], 5);
        let traffic = Traffic::between(Some(&times), &times);
        assert_eq!((traffic.p50_ms, traffic.p99_ms), (None, None));
    }

    #[test]
    fn a_quantile_beyond_the_last_bound_is_that_bound() {
        let traffic = Traffic::between(None, &times([0, 0, 0], 4));
        assert_eq!(traffic.p99_ms, Some(100.0));
    }
}
