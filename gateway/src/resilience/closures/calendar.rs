//! Decides what is closed at a moment. Does no I/O, and reads no clock.
//!
//! 1. An upstream's closure concerns every request to it. A feature's closure concerns the routes of
//!    the feature.
//! 2. A request is closed from the beginning of a closure until just before its end.
//! 3. Closures that overlap or follow one another without a gap are one for whoever waits: the end is
//!    that of the last one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use shared_types::gateway::{AnnouncedClosure, ClosureNotice, ClosureSource, ClosureTarget};
use shared_types::value::Timestamp;

use super::Closure;
use crate::fault::closed::Closed;
use crate::fault::whole_seconds;
use crate::resilience::guard::RouteName;

/// A route to an upstream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RouteAt {
    pub(crate) upstream: Arc<str>,
    pub(crate) route: RouteName,
}

/// The routes of each feature, by its name.
pub(crate) type FeatureRoutes = BTreeMap<String, Vec<RouteAt>>;

/// The outcome of an operator's wish to end a closure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    Yes,
    /// There was none.
    None,
    /// The file declares it.
    OfFile,
}

#[derive(Debug, Default)]
pub(super) struct Calendar {
    entries: Vec<Entry>,
    routes: FeatureRoutes,
}

#[derive(Clone, Debug)]
struct Entry {
    target: ClosureTarget,
    closure: Closure,
    by: ClosureSource,
}

impl Calendar {
    pub(super) fn follow(
        &mut self,
        declared: &[(ClosureTarget, Closure)],
        routes: FeatureRoutes,
        has: impl Fn(&ClosureTarget) -> bool,
    ) {
        self.routes = routes;
        self.entries
            .retain(|entry| entry.by == ClosureSource::Operator && has(&entry.target));
        let declared = declared.iter().map(|(target, closure)| Entry {
            target: target.clone(),
            closure: closure.clone(),
            by: ClosureSource::File,
        });
        self.entries.extend(declared);
    }

    pub(super) fn announce(&mut self, target: ClosureTarget, closure: Closure) {
        let by = ClosureSource::Operator;
        self.entries
            .retain(|entry| entry.by != by || entry.target != target);
        self.entries.push(Entry {
            target,
            closure,
            by,
        });
    }

    pub(super) fn end(&mut self, target: &ClosureTarget, now: Timestamp) -> Ended {
        self.forget_past(now);
        let is_its = |entry: &Entry| entry.target == *target;
        let before = self.entries.len();
        self.entries
            .retain(|entry| entry.by != ClosureSource::Operator || !is_its(entry));
        if self.entries.len() < before {
            Ended::Yes
        } else if self.entries.iter().any(is_its) {
            Ended::OfFile
        } else {
            Ended::None
        }
    }

    pub(super) fn forget_past(&mut self, now: Timestamp) {
        self.entries.retain(|entry| !entry.closure.is_over(now));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(super) fn has_routes(&self, feature: &str) -> bool {
        self.routes_of(feature).next().is_some()
    }

    fn routes_of(&self, feature: &str) -> impl Iterator<Item = &RouteAt> {
        self.routes.get(feature).into_iter().flatten()
    }

    /// The closures that concern a request to the upstream.
    fn of<'c>(
        &'c self,
        upstream: &'c str,
        route: Option<&'c RouteName>,
    ) -> impl Iterator<Item = &'c Entry> + Clone {
        self.entries
            .iter()
            .filter(move |entry| match &entry.target {
                ClosureTarget::Upstream(name) => *name == *upstream,
                ClosureTarget::Feature(name) => route.is_some_and(|route| {
                    let mut routes = self.routes_of(name);
                    routes.any(|at| *at.upstream == *upstream && at.route == *route)
                }),
            })
    }

    /// The closure of a request to the upstream, if it is closed.
    pub(super) fn closed(
        &self,
        upstream: &str,
        route: Option<&RouteName>,
        now: Timestamp,
    ) -> Option<Closed> {
        let all = self.of(upstream, route);
        let under_way = all.clone().filter(|entry| entry.closure.is_at(now));
        // A feature's reason is the nearer one.
        let first = under_way
            .clone()
            .min_by_key(|entry| entry.is_of_upstream())?;
        Some(Closed {
            reason: first.closure.reason().clone(),
            until: end(all, first.closure.until()),
            is_planned_work: under_way.clone().all(Entry::is_of_upstream),
        })
    }

    pub(super) fn feature_closed_until(&self, feature: &str, now: Timestamp) -> Option<Timestamp> {
        let is_its = |target: &ClosureTarget| matches!(target, ClosureTarget::Feature(name) if name == feature);
        let all = self.entries.iter().filter(|entry| is_its(&entry.target));
        let first = all.clone().find(|entry| entry.closure.is_at(now))?;
        Some(end(all, first.closure.until()))
    }

    pub(super) fn notice(
        &self,
        concerns: impl Fn(&ClosureTarget) -> bool,
        now: Timestamp,
    ) -> Option<ClosureNotice> {
        let all = self.entries.iter().filter(|entry| concerns(&entry.target));
        next_notice(all, now)
    }

    pub(super) fn notice_of(
        &self,
        upstream: &str,
        route: Option<&RouteName>,
        now: Timestamp,
    ) -> Option<ClosureNotice> {
        next_notice(self.of(upstream, route), now)
    }

    /// Whether a closure concerns the upstream and the path within the span. Without an upstream,
    /// every closure counts; without a path, every route of the upstream.
    pub(super) fn overlaps(
        &self,
        (upstream, path): (Option<&str>, Option<&str>),
        span: (Timestamp, Timestamp),
    ) -> bool {
        let concerns = |target: &ClosureTarget| {
            let Some(upstream) = upstream else {
                return true;
            };
            match target {
                ClosureTarget::Upstream(name) => *name == *upstream,
                ClosureTarget::Feature(name) => self.routes_of(name).any(|at| {
                    let is_its = path.is_none_or(|path| *at.route.path == *path);
                    *at.upstream == *upstream && is_its
                }),
            }
        };
        let mut entries = self.entries.iter();
        entries.any(|entry| entry.closure.overlaps(span) && concerns(&entry.target))
    }

    /// The targets that are closed.
    pub(super) fn present(&self, now: Timestamp) -> BTreeSet<ClosureTarget> {
        let present = self.entries.iter().filter(|entry| entry.closure.is_at(now));
        present.map(|entry| entry.target.clone()).collect()
    }

    /// The next beginning or end of a closure.
    pub(super) fn next(&self, now: Timestamp) -> Option<Timestamp> {
        let entries = self.entries.iter();
        let moments = entries.flat_map(|entry| [entry.closure.from(), entry.closure.until()]);
        moments.filter(|moment| *moment > now).min()
    }

    /// In the order of their beginnings.
    pub(super) fn announced(&self, now: Timestamp) -> Vec<AnnouncedClosure> {
        let entries = self.entries.iter();
        let mut entries: Vec<_> = entries
            .filter(|entry| !entry.closure.is_over(now))
            .collect();
        entries.sort_by_key(|entry| (entry.closure.from(), &entry.target));
        let announced = entries.into_iter().map(|entry| {
            let (from, until) = (entry.closure.from(), entry.closure.until());
            AnnouncedClosure {
                target: entry.target.clone(),
                notice: entry.closure.notice(until),
                by: entry.by,
                upstreams: self.upstreams(&entry.target),
                begins_in_seconds: (from > now).then(|| whole_seconds(from.since(now))),
                ends_in_seconds: whole_seconds(until.since(now)),
            }
        });
        announced.collect()
    }

    fn upstreams(&self, target: &ClosureTarget) -> Vec<String> {
        match target {
            ClosureTarget::Upstream(name) => vec![name.clone()],
            ClosureTarget::Feature(name) => {
                let names = self.routes_of(name).map(|at| at.upstream.to_string());
                BTreeSet::from_iter(names).into_iter().collect()
            }
        }
    }
}

impl Entry {
    fn is_of_upstream(&self) -> bool {
        matches!(self.target, ClosureTarget::Upstream(_))
    }
}

/// The end of all closures that overlap or follow one another, of which one ends at `until`.
fn end<'e>(all: impl Iterator<Item = &'e Entry> + Clone, mut until: Timestamp) -> Timestamp {
    loop {
        let further = all.clone().filter(|entry| entry.closure.is_at(until));
        match further.map(|entry| entry.closure.until()).max() {
            Some(later) => until = later,
            None => return until,
        }
    }
}

/// The closure that is under way, or else the next one.
fn next_notice<'e>(
    all: impl Iterator<Item = &'e Entry> + Clone,
    now: Timestamp,
) -> Option<ClosureNotice> {
    let ahead = all.clone().filter(|entry| !entry.closure.is_over(now));
    let first = ahead.min_by_key(|entry| (entry.closure.from(), entry.is_of_upstream()))?;
    let until = end(all, first.closure.until());
    Some(first.closure.notice(until))
}

#[cfg(test)]
mod tests;
