//! The counters of each upstream.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::StatusCode;
use prometheus::{Histogram, IntCounter, IntCounterVec, Registry};

use super::labels::ByClass;
use super::{UPSTREAM_SECONDS, counters, histograms};
use crate::config::Upstream;
use crate::fault::Fault;
use crate::resilience::guard::{RouteName, RouteNames};

/// The counters of one upstream.
#[derive(Debug)]
pub(crate) struct UpstreamMetrics {
    name: Arc<str>,
    by_class: ByClass,
    exchanges: IntCounterVec,
    seconds: Histogram,
    pub(crate) received: IntCounter,
    pub(crate) retries: IntCounter,
    pub(crate) opened: IntCounter,
    pub(crate) closed: IntCounter,
    /// How often the circuit of each route has opened and closed.
    routes: Vec<[IntCounter; 2]>,
}

impl UpstreamMetrics {
    /// Counts an exchange that had the head of its answer, or failed, after `elapsed`.
    pub(crate) fn exchanged(&self, outcome: Result<StatusCode, &Fault>, elapsed: Duration) {
        self.seconds.observe(elapsed.as_secs_f64());
        match outcome {
            Ok(status) => self.by_class.count(status.as_u16()),
            Err(fault) => self.refused(fault),
        }
    }

    /// Counts that the circuit of the route of this number has opened or closed.
    pub(crate) fn route_changed(&self, route: usize, opened: bool) {
        if let Some([open, closed]) = self.routes.get(route) {
            if opened { open } else { closed }.inc();
        }
    }

    /// Counts an exchange that failed or was refused.
    pub(crate) fn refused(&self, fault: &Fault) {
        let labels = [&*self.name, fault.code().as_str()];
        self.exchanges.with_label_values(&labels).inc();
    }
}

/// The counters of all upstreams, in the order of the configuration.
pub(super) fn all(
    registry: &Registry,
    upstreams: &[Upstream],
    names: &RouteNames,
) -> prometheus::Result<Vec<Arc<UpstreamMetrics>>> {
    let of_upstream = ["upstream"];
    let counters = |name, help, labels: &[&str]| counters(registry, name, help, labels);
    let exchanges = counters(
        "gateway_upstream_requests_total",
        "Requests to an upstream, by the class of its status, or the code of the problem if it gave no answer.",
        &["upstream", "result"],
    )?;
    let seconds = histograms(
        registry,
        UPSTREAM_SECONDS,
        "From a request to an upstream to the head of its answer, or the failure.",
        &of_upstream,
    )?;
    let received = counters(
        "gateway_request_body_bytes_total",
        "Bytes of requests' bodies, by the upstream that they are for.",
        &of_upstream,
    )?;
    let retries = counters(
        "gateway_upstream_retries_total",
        "Requests that were sent once more.",
        &of_upstream,
    )?;
    let changes = counters(
        "gateway_upstream_breaker_changes_total",
        "How often an upstream's circuit has opened and closed.",
        &["upstream", "to"],
    )?;
    let route_changes = counters(
        "gateway_route_breaker_changes_total",
        "How often the circuit of one route to an upstream has opened and closed.",
        &["upstream", "method", "route", "to"],
    )?;
    let of_route = |upstream: &str, route: &RouteName| {
        let of = |to: &str| {
            let labels = [upstream, route.method.as_str(), &*route.path, to];
            route_changes.get_metric_with_label_values(&labels)
        };
        Ok([of("open")?, of("closed")?])
    };
    let of = |(index, upstream): (usize, &Upstream)| {
        let name = &*upstream.name;
        let of_class = |class: &str| exchanges.get_metric_with_label_values(&[name, class]);
        Ok(Arc::new(UpstreamMetrics {
            name: Arc::clone(&upstream.name),
            by_class: ByClass::new(of_class)?,
            exchanges: exchanges.clone(),
            seconds: seconds.get_metric_with_label_values(&[name])?,
            received: received.get_metric_with_label_values(&[name])?,
            retries: retries.get_metric_with_label_values(&[name])?,
            opened: changes.get_metric_with_label_values(&[name, "open"])?,
            closed: changes.get_metric_with_label_values(&[name, "closed"])?,
            routes: names
                .of(index)
                .iter()
                .map(|route| of_route(name, route))
                .collect::<prometheus::Result<_>>()?,
        }))
    };
    upstreams.iter().enumerate().map(of).collect()
}
