//! `/status` on the operator's port: the public status, and how each upstream is.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use shared_types::gateway::{
    Availability, LastError, NotStored, OperatorStatus, ReplicaStatus, RouteStatus, UpstreamStatus,
};
use shared_types::value::Timestamp;

use super::Operator;
use crate::answer::cache::Refused;
use crate::answer::features;
use crate::fault::whole_seconds;
use crate::resilience::guard::Guard;
use crate::upstream::Upstream;
use crate::upstream::replicas::Replicas;

pub(super) fn status(operator: &Operator) -> OperatorStatus {
    let site = operator.site();
    let upstreams = site.upstreams.iter();
    let upstreams =
        upstreams.map(|upstream| (upstream.name().to_string(), upstream_status(upstream)));
    OperatorStatus {
        public: features::status(&site.features, &site.cache, &site.closures),
        upstreams: upstreams.collect(),
        config: operator.config.status(),
        shared: site.shared_store.as_ref().map(|store| {
            if store.is_up() {
                Availability::Up
            } else {
                Availability::Degraded
            }
        }),
        not_stored: site.cache.refused().filter_map(not_stored).collect(),
        closures: site.closures.announced(),
    }
}

fn not_stored((route, refused): (&str, Refused)) -> Option<NotStored> {
    Some(NotStored {
        route: route.to_owned(),
        reason: refused.reason,
        at: timestamp(refused.at)?,
    })
}

fn timestamp(at: SystemTime) -> Option<Timestamp> {
    let since = at.duration_since(UNIX_EPOCH).ok()?;
    Timestamp::from_millis(i64::try_from(since.as_millis()).ok()?)
}

fn upstream_status(upstream: &Upstream) -> UpstreamStatus {
    let (guard, phase) = (&upstream.guard, upstream.phase());
    let last_error = guard.last_fault().and_then(|fault| {
        Some(LastError {
            kind: fault.kind,
            cause: fault.cause.to_string(),
            at: timestamp(fault.at)?,
        })
    });
    UpstreamStatus {
        status: upstream.standing().availability(),
        breaker: phase.state(),
        since: upstream.since().and_then(timestamp),
        retry_after_seconds: phase.retry_after().map(whole_seconds),
        in_flight: guard.in_flight(),
        replicas: replicas(&upstream.replicas),
        routes: open_routes(guard).collect(),
        last_error,
    }
}

/// The state of each replica, if there are several.
fn replicas(replicas: &Replicas) -> Vec<ReplicaStatus> {
    let now = Instant::now();
    let shown = replicas.several().into_iter().map(|replica| {
        let figures = replica.state.figures(now);
        let millis = |latency: Duration| u64::try_from(latency.as_millis()).unwrap_or(u64::MAX);
        ReplicaStatus {
            address: replica.address.to_string(),
            status: if figures.is_available {
                Availability::Up
            } else {
                Availability::Down
            },
            retry_after_seconds: figures.ejected_for.map(whole_seconds),
            in_flight: figures.in_flight,
            latency_millis: figures.latency.map(millis),
        }
    });
    shown.collect()
}

/// The routes whose own circuit is not closed.
fn open_routes(guard: &Guard) -> impl Iterator<Item = RouteStatus> {
    guard.routes().filter_map(|(name, phase)| {
        Some(RouteStatus {
            method: name.method.to_string(),
            path: name.path.to_string(),
            breaker: phase.state(),
            retry_after_seconds: whole_seconds(phase.retry_after()?),
        })
    })
}
