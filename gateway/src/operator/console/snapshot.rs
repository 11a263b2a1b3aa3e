//! One event for the console: the current state, and what has happened since the last event.

use std::collections::BTreeMap;
use std::time::Instant;

use serde::Serialize;
use shared_types::gateway::{DrillUnderWay, OperatorStatus};
use shared_types::value::Timestamp;

use super::reading::{Reading, Times};
use super::traffic::Traffic;
use crate::answer::destination;
use crate::answer::recent::Seen;
use crate::operator::{Operator, status};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Snapshot<'s> {
    at: Timestamp,
    #[serde(flatten)]
    state: State,
    traffic: Total,
    upstreams: BTreeMap<&'s str, Traffic>,
    routes: Vec<Row<'s>>,
    requests: &'s [Seen],
}

/// The state at one moment.
#[derive(Serialize)]
struct State {
    status: OperatorStatus,
    drills: Vec<DrillUnderWay>,
}

impl State {
    fn of(operator: &Operator, at: Instant) -> Self {
        let drills = operator.drills.as_ref();
        Self {
            status: status::status(operator),
            drills: drills
                .map(|drills| drills.under_way(at))
                .unwrap_or_default(),
        }
    }
}

/// The state without the traffic, which takes two readings.
pub(super) fn now(operator: &Operator, at: Instant) -> String {
    // Strings and numbers cannot fail to serialise.
    serde_json::to_string(&State::of(operator, at)).unwrap_or_default()
}

/// The totals of all routes.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Total {
    requests: u64,
    errors: u64,
    degraded: u64,
    in_flight: i64,
    connections: i64,
}

#[derive(Serialize)]
struct Row<'s> {
    method: &'s str,
    route: &'s str,
    upstream: Option<&'s str>,
    errors: u64,
    #[serde(flatten)]
    traffic: Traffic,
}

/// The data of the event.
pub(super) fn between(
    operator: &Operator,
    (before, now): (&Reading, &Reading),
    requests: &[Seen],
    at: Instant,
) -> String {
    let site = operator.site();
    let rows = site.routes.routes();
    let routes: Vec<_> = rows.filter_map(|route| row(route, (before, now))).collect();
    let upstreams = now.upstreams.iter();
    let upstreams = upstreams.map(|(name, times)| {
        let traffic = Traffic::between(before.upstreams.get(name), times);
        (name.as_str(), traffic)
    });
    let errors = |reading: &Reading| reading.errors.values().sum::<u64>();
    let all = |reading: &Reading| reading.rows.values().map(|times| times.count).sum::<u64>();
    let metrics = &site.metrics;
    let snapshot = Snapshot {
        at: Timestamp::now(),
        state: State::of(operator, at),
        traffic: Total {
            // The counters of a row that a reload drops are gone.
            requests: all(now).saturating_sub(all(before)),
            errors: errors(now).saturating_sub(errors(before)),
            degraded: now.degraded - before.degraded,
            in_flight: metrics.in_flight.get(),
            connections: metrics.connections.0.get(),
        },
        upstreams: upstreams.collect(),
        routes,
        requests,
    };
    // Strings and numbers cannot fail to serialise.
    serde_json::to_string(&snapshot).unwrap_or_default()
}

/// The row of a route, if it has been asked for since the start.
fn row<'s>(route: &'s destination::Row, (before, now): (&Reading, &Reading)) -> Option<Row<'s>> {
    let name = (route.method.to_string(), route.path.to_string());
    let times = now
        .rows
        .get(&name)
        .filter(|times: &&Times| times.count > 0)?;
    let errors = |reading: &Reading| reading.errors.get(&name).copied().unwrap_or_default();
    Some(Row {
        method: route.method.as_str(),
        route: &route.path,
        upstream: route.to.upstream().map(|upstream| &**upstream.name()),
        errors: errors(now).saturating_sub(errors(before)),
        traffic: Traffic::between(before.rows.get(&name), times),
    })
}
