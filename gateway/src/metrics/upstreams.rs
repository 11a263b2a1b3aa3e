//! The counters of each upstream.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::StatusCode;
use prometheus::{
    Histogram, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Registry,
};

use super::gone::{Known, retain};
use super::labels::{ByClass, PLANNED};
use super::{UPSTREAM_SECONDS, counters, gauges, histograms};
use crate::fault::Fault;

/// The counters of one upstream.
#[derive(Debug)]
pub(crate) struct UpstreamMetrics {
    name: Arc<str>,
    by_class: ByClass,
    exchanges: IntCounterVec,
    seconds: Histogram,
    pub(crate) received: IntCounter,
    pub(crate) retries: IntCounter,
    /// The critical, normal and sheddable requests that got no permit.
    pub(crate) shed: [IntCounter; 3],
    /// The tunnels that are open.
    pub(crate) websockets: IntGauge,
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
        let result = match fault.closure() {
            Some(_) => PLANNED,
            None => fault.code().as_str(),
        };
        let labels = [&*self.name, result];
        self.exchanges.with_label_values(&labels).inc();
    }
}

/// The metric families, with a series for each upstream.
pub(crate) struct UpstreamFamilies {
    exchanges: IntCounterVec,
    seconds: HistogramVec,
    received: IntCounterVec,
    retries: IntCounterVec,
    shed: IntCounterVec,
    websockets: IntGaugeVec,
    changes: IntCounterVec,
    route_changes: IntCounterVec,
}

impl UpstreamFamilies {
    pub(super) fn register(registry: &Registry) -> prometheus::Result<Self> {
        let of_upstream = ["upstream"];
        let counters = |name, help, labels: &[&str]| counters(registry, name, help, labels);
        Ok(Self {
            exchanges: counters(
                "gateway_upstream_requests_total",
                "Requests to an upstream, by the class of its status, the code of the problem if it gave no answer, or `planned` for an announced closure.",
                &["upstream", "result"],
            )?,
            seconds: histograms(
                registry,
                UPSTREAM_SECONDS,
                "From a request to an upstream to the head of its answer, or the failure.",
                &of_upstream,
            )?,
            received: counters(
                "gateway_request_body_bytes_total",
                "Bytes of requests' bodies, by the upstream that they are for.",
                &of_upstream,
            )?,
            retries: counters(
                "gateway_upstream_retries_total",
                "Requests that were sent once more.",
                &of_upstream,
            )?,
            shed: counters(
                "gateway_upstream_shed_total",
                "Requests that got no permit of an upstream, by the priority of their route.",
                &["upstream", "priority"],
            )?,
            websockets: gauges(
                registry,
                "gateway_upstream_websockets",
                "WebSockets that are open.",
                &of_upstream,
            )?,
            changes: counters(
                "gateway_upstream_breaker_changes_total",
                "How often an upstream's circuit has opened and closed.",
                &["upstream", "to"],
            )?,
            route_changes: counters(
                "gateway_route_breaker_changes_total",
                "How often the circuit of one route to an upstream has opened and closed.",
                &["upstream", "method", "route", "to"],
            )?,
        })
    }

    pub(super) fn retain(&self, known: &Known<'_>) {
        let keeps = |label: &dyn Fn(&str) -> String| known.upstreams.contains(&*label("upstream"));
        for family in [
            &self.exchanges,
            &self.received,
            &self.retries,
            &self.shed,
            &self.changes,
        ] {
            retain(family, keeps);
        }
        retain(&self.seconds, keeps);
        retain(&self.websockets, keeps);
        retain(&self.route_changes, |label| {
            let (upstream, method, route) = (label("upstream"), label("method"), label("route"));
            known.circuits.contains(&(&*upstream, &*method, &*route))
        });
    }

    /// The counters of one upstream. `routes` are the methods and paths of its circuits.
    pub(crate) fn of<'r>(
        &self,
        upstream: &Arc<str>,
        routes: impl Iterator<Item = (&'r str, &'r str)>,
    ) -> prometheus::Result<Arc<UpstreamMetrics>> {
        let name = &**upstream;
        let of_class = |class: &str| self.exchanges.get_metric_with_label_values(&[name, class]);
        let of_priority =
            |priority: &str| self.shed.get_metric_with_label_values(&[name, priority]);
        let change = |to: &str| self.changes.get_metric_with_label_values(&[name, to]);
        let of_route = |(method, path): (&str, &str)| {
            let of = |to: &str| {
                let labels = [name, method, path, to];
                self.route_changes.get_metric_with_label_values(&labels)
            };
            Ok([of("open")?, of("closed")?])
        };
        Ok(Arc::new(UpstreamMetrics {
            name: Arc::clone(upstream),
            by_class: ByClass::new(of_class)?,
            exchanges: self.exchanges.clone(),
            seconds: self.seconds.get_metric_with_label_values(&[name])?,
            received: self.received.get_metric_with_label_values(&[name])?,
            shed: [
                of_priority("critical")?,
                of_priority("normal")?,
                of_priority("sheddable")?,
            ],
            retries: self.retries.get_metric_with_label_values(&[name])?,
            websockets: self.websockets.get_metric_with_label_values(&[name])?,
            opened: change("open")?,
            closed: change("closed")?,
            routes: routes.map(of_route).collect::<prometheus::Result<_>>()?,
        }))
    }
}
