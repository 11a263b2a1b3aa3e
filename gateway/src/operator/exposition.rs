//! The page that Prometheus reads: the counters and the current state
//! (<https://prometheus.io/docs/instrumenting/exposition_formats/>).

use std::sync::LazyLock;
use std::time::Instant;

use prometheus::process_collector::ProcessCollector;
use prometheus::{Registry, TextEncoder};
use service_kit::trace;
use shared_types::gateway::BreakerState;

use super::Operator;
use crate::metrics::{counters, gauges};
use crate::resilience::guard::Phase;

/// Everything in the text format. States without a counter of their own are read now.
pub(crate) fn expose(operator: &Operator) -> prometheus::Result<String> {
    let site = operator.site();
    let now = Registry::new();
    let gauges = |name: &str, help: &str, labels: &[&str]| gauges(&now, name, help, labels);
    let breaker = gauges(
        "gateway_upstream_breaker_state",
        "1 for the state that an upstream's circuit is in.",
        &["upstream", "state"],
    )?;
    let route_open = gauges(
        "gateway_route_breaker_open",
        "1 if the circuit of one route to an upstream is not closed.",
        &["upstream", "method", "route"],
    )?;
    let in_flight = gauges(
        "gateway_upstream_requests_in_flight",
        "Requests to an upstream under way: the permits that are held.",
        &["upstream"],
    )?;
    let limit = gauges(
        "gateway_upstream_requests_limit",
        "How many requests to an upstream may be under way now: the permits.",
        &["upstream"],
    )?;
    let transfers = gauges(
        "gateway_upstream_transfers",
        "Answers of an upstream that wait for their clients to take them.",
        &["upstream"],
    )?;
    let replica_up = gauges(
        "gateway_replica_up",
        "1 if one of several replicas of an upstream gets new requests.",
        &["upstream", "replica"],
    )?;
    let replica_in_flight = gauges(
        "gateway_replica_requests_in_flight",
        "Requests to one of several replicas under way, answers that are still streamed included.",
        &["upstream", "replica"],
    )?;
    let replica_requests = counters(
        &now,
        "gateway_replica_requests_total",
        "Requests to one of several replicas, by whether it answered or failed.",
        &["upstream", "replica", "result"],
    )?;
    let memory = gauges(
        "gateway_body_memory_bytes",
        "Bytes of clients' bodies and upstreams' answers that are held, of limits.memory.",
        &[],
    )?;
    let drills = gauges("gateway_drills", "Failure drills under way.", &[])?;
    let closures = gauges("gateway_closures", "Announced closures under way.", &[])?;
    let closed = gauges(
        "gateway_upstream_closed",
        "1 while an upstream is closed for planned work.",
        &["upstream"],
    )?;
    let build = gauges(
        "gateway_build_info",
        "1, for the version that runs.",
        &["version"],
    )?;
    let reload = gauges(
        "gateway_config_last_reload_successful",
        "1 unless the last reload found an invalid configuration, which changed nothing.",
        &[],
    )?;
    let info = gauges(
        "gateway_config_info",
        "1, for the hash of the configuration file that runs.",
        &["hash"],
    )?;
    let config = operator.config.status();
    let last = config.last_reload.as_ref();
    let is_good = last.is_none_or(|last| last.successful);
    reload
        .with_label_values::<&str>(&[])
        .set(i64::from(is_good));
    info.with_label_values(&[&*config.hash]).set(1);
    for upstream in &site.upstreams {
        let (guard, name) = (&upstream.guard, &**upstream.name());
        let current = upstream.phase().state();
        for state in BreakerState::ALL {
            let is_current = i64::from(state == current);
            breaker
                .with_label_values(&[name, state.as_str()])
                .set(is_current);
        }
        for (route, phase) in guard.routes() {
            let is_open = i64::from(phase != Phase::Closed);
            route_open
                .with_label_values(&[name, route.method.as_str(), &*route.path])
                .set(is_open);
        }
        for replica in upstream.replicas.several() {
            let figures = replica.state.figures(Instant::now());
            let address = replica.address.to_string();
            let labels = [name, &*address];
            let is_up = i64::from(figures.is_available);
            replica_up.with_label_values(&labels).set(is_up);
            let in_flight = i64::from(figures.in_flight);
            replica_in_flight.with_label_values(&labels).set(in_flight);
            for (result, count) in [("answered", figures.answered), ("failed", figures.failed)] {
                let labels = [name, &*address, result];
                replica_requests.with_label_values(&labels).inc_by(count);
            }
        }
        let count = i64::try_from(guard.in_flight()).unwrap_or(i64::MAX);
        in_flight.with_label_values(&[name]).set(count);
        let count = i64::try_from(guard.limit()).unwrap_or(i64::MAX);
        limit.with_label_values(&[name]).set(count);
        let is_closed = i64::from(upstream.is_closed_for().is_some());
        closed.with_label_values(&[name]).set(is_closed);
        let count = i64::try_from(guard.transfers()).unwrap_or(i64::MAX);
        transfers.with_label_values(&[name]).set(count);
    }
    let under_way = operator
        .drills
        .as_ref()
        .map_or(0, |drills| drills.under_way(Instant::now()).len());
    drills
        .with_label_values::<&str>(&[])
        .set(i64::try_from(under_way).unwrap_or(i64::MAX));
    let announced = site.closures.announced();
    let begun = announced
        .iter()
        .filter(|one| one.begins_in_seconds.is_none());
    closures
        .with_label_values::<&str>(&[])
        .set(i64::try_from(begun.count()).unwrap_or(i64::MAX));
    let held = i64::try_from(site.memory.held()).unwrap_or(i64::MAX);
    memory.with_label_values::<&str>(&[]).set(held);
    build.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
    if let Some(tracer) = &site.tracer {
        trace::expose(tracer.counts(), &now)?;
    }
    // A request that ended after a reload may have counted for an upstream that is no more.
    site.metrics.retain(&site.known());
    let mut families = site.metrics.registry.gather();
    families.extend(now.gather());
    families.extend(PROCESS.gather());
    TextEncoder::new().encode_to_string(&families)
}

/// The process figures of every program with Prometheus' own library.
static PROCESS: LazyLock<Registry> = LazyLock::new(|| {
    let registry = Registry::new();
    // This fails only for a name that is taken, and the registry is empty.
    let _ = registry.register(Box::new(ProcessCollector::for_self()));
    registry
});
