//! The gateway's counters, for Prometheus and for the console.
//!
//! Every series exists before it is needed: a request finds its own by the number of its row, and
//! counting is one addition. No label holds anything that a client has sent. The series of what a
//! new configuration keeps go on; those of what it drops are removed.

mod gone;
mod labels;
mod lookups;
mod operator;
mod rows;
mod store;
mod upstreams;
mod warm;

use prometheus::core::Collector;
use prometheus::{
    HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
};

use crate::fault::degraded::Degraded;
pub(crate) use gone::Known;
pub(crate) use labels::{Outcome, PLANNED};
pub(crate) use lookups::Lookups;
pub(crate) use operator::OperatorRefused;
pub(crate) use rows::{Ended, RowFamilies, Rows};
pub(crate) use store::{StoreMetrics, StoreUse};
pub(crate) use upstreams::{UpstreamFamilies, UpstreamMetrics};
pub(crate) use warm::{WarmFamily, WarmMetrics};

/// The families that the console reads too.
pub(crate) const REQUESTS: &str = "gateway_requests_total";
pub(crate) const REQUEST_SECONDS: &str = "gateway_request_duration_seconds";
pub(crate) const DEGRADED: &str = "gateway_degraded_answers_total";
pub(crate) const UPSTREAM_SECONDS: &str = "gateway_upstream_duration_seconds";

/// In seconds. Most answers take a few milliseconds; the slowest take as long as an upstream may.
/// 0.1, 0.3 and 1 are the objectives in `deploy/observability/alerts.yml`.
const BUCKETS: [f64; 16] = [
    0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.3, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
];

pub(crate) struct Metrics {
    pub(crate) registry: Registry,
    /// The families of the rows' counters.
    pub(crate) rows: RowFamilies,
    /// The families of the upstreams' counters.
    pub(crate) upstreams: UpstreamFamilies,
    pub(crate) in_flight: IntGauge,
    /// Clients' connections: open now, and accepted since the start.
    pub(crate) connections: (IntGauge, IntCounter),
    /// Connections that were closed at once, because their client had its share open.
    pub(crate) connections_refused: IntCounter,
    pub(crate) rate_limited: IntCounter,
    pub(crate) operator_refused: OperatorRefused,
    pub(crate) lookups: Lookups,
    pub(crate) warm: WarmFamily,
    degraded: [IntCounter; 4],
}

impl Metrics {
    /// # Errors
    /// Two families have the same name. The gateway's own never do.
    pub(crate) fn new() -> prometheus::Result<Self> {
        let registry = Registry::new();
        let counter = |name: &str, help: &str| register(&registry, IntCounter::new(name, help));
        let gauge = |name: &str, help: &str| register(&registry, IntGauge::new(name, help));
        let degraded = counters(
            &registry,
            DEGRADED,
            "Answers that something stood in for, by its kind.",
            &["kind"],
        )?;
        let [stale, partial, fallback, deferred] =
            Degraded::ALL.map(|kind| degraded.get_metric_with_label_values(&[kind.as_str()]));
        Ok(Self {
            rows: RowFamilies::register(&registry)?,
            upstreams: UpstreamFamilies::register(&registry)?,
            in_flight: gauge("gateway_requests_in_flight", "Requests under way.")?,
            connections: (
                gauge("gateway_connections", "Clients' connections that are open.")?,
                counter(
                    "gateway_connections_total",
                    "Clients' connections that were accepted.",
                )?,
            ),
            connections_refused: counter(
                "gateway_connections_refused_total",
                "Clients' connections that were closed at once because their address had its share open.",
            )?,
            rate_limited: counter(
                "gateway_rate_limited_total",
                "Requests that were refused because their client had used up a quota.",
            )?,
            operator_refused: OperatorRefused::new(&registry)?,
            lookups: Lookups::new(&registry)?,
            warm: WarmFamily::register(&registry)?,
            degraded: [stale?, partial?, fallback?, deferred?],
            registry,
        })
    }

    /// Removes the series of rows and upstreams that `known` does not name.
    pub(crate) fn retain(&self, known: &Known<'_>) {
        self.rows.retain(known);
        self.upstreams.retain(known);
        self.warm.retain(known);
    }

    pub(crate) fn degraded(&self, kind: Degraded) {
        if let Some(counter) = self.degraded.get(kind as usize) {
            counter.inc();
        }
    }
}

pub(crate) fn counters(
    registry: &Registry,
    name: &str,
    help: &str,
    labels: &[&str],
) -> prometheus::Result<IntCounterVec> {
    register(registry, IntCounterVec::new(Opts::new(name, help), labels))
}

pub(crate) fn gauges(
    registry: &Registry,
    name: &str,
    help: &str,
    labels: &[&str],
) -> prometheus::Result<IntGaugeVec> {
    register(registry, IntGaugeVec::new(Opts::new(name, help), labels))
}

fn histograms(
    registry: &Registry,
    name: &str,
    help: &str,
    labels: &[&str],
) -> prometheus::Result<HistogramVec> {
    let opts = HistogramOpts::new(name, help).buckets(BUCKETS.to_vec());
    register(registry, HistogramVec::new(opts, labels))
}

pub(crate) fn register<C: Collector + Clone + 'static>(
    registry: &Registry,
    collector: prometheus::Result<C>,
) -> prometheus::Result<C> {
    let collector = collector?;
    registry.register(Box::new(collector.clone()))?;
    Ok(collector)
}
