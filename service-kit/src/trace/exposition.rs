//! The counters of spans for Prometheus.

use prometheus::{IntCounter, Registry};

use super::tracer::Counts;

/// Adds the counters to a page of metrics.
///
/// # Errors
/// The page has counters of the same name.
pub fn expose(counts: Counts, page: &Registry) -> prometheus::Result<()> {
    let counter = |name: &str, help: &str, count: u64| {
        let counter = IntCounter::new(name, help)?;
        counter.inc_by(count);
        page.register(Box::new(counter))
    };
    counter(
        "telemetry_spans_exported_total",
        "Spans that the trace collector has taken.",
        counts.exported,
    )?;
    counter(
        "telemetry_spans_dropped_total",
        "Spans that were lost: the queue was full, or the trace collector did not take them.",
        counts.dropped,
    )
}
