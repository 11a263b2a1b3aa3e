//! The answers that a configuration declares while one upstream is down, as plain values.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use actix_web::http::Method;
use shared_types::gateway::Availability;
use shared_types::problem::Code;

use crate::config::Config;
use crate::routing::route::{CachePolicy, Found, Outage, Route, To, ToUpstream};
use crate::settings::UpstreamSettings;

pub(super) type UpstreamName = String;

#[derive(Debug)]
pub(super) struct Outlook {
    /// By method and path; without the route, the problem that a client gets.
    pub(super) routes: BTreeMap<String, Result<RouteOutlook, Code>>,
    pub(super) features: BTreeMap<String, FeatureOutlook>,
    pub(super) upstreams: BTreeMap<UpstreamName, UpstreamOutlook>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct RouteOutlook {
    /// The answer while an upstream is down, unless it is the usual one.
    pub(super) answers: BTreeMap<UpstreamName, Answer>,
    /// The names of an aggregate's parts.
    pub(super) parts: BTreeSet<String>,
    /// How long the answer is waited for.
    pub(super) timeout: Duration,
    /// The upstream whose timeout this is. `None` if the route has its own.
    pub(super) timeout_of: Option<UpstreamName>,
    /// Whether a changing request with an `Idempotency-Key` is sent again.
    pub(super) is_repeated: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Usual,
    /// An aggregate without the part of the upstream, or with its last good one up to this age.
    OtherParts(Duration),
    /// An aggregate with the last good part of the upstream, which it requires, up to this age.
    StalePart(Duration),
    /// The last good answer.
    Stale(Stale),
    /// The request is kept, and delivered later by this upstream.
    Deferred(UpstreamName),
    File(String),
    Problem(Code),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stale {
    /// The longest age of the answer. The upstream may state a longer freshness if the row states
    /// none.
    pub(super) longest_age: Duration,
    /// How long a client waits for a better answer.
    pub(super) wait: Duration,
    /// Whether requests with credentials get it too.
    pub(super) is_shared: bool,
    pub(super) is_warm: bool,
}

/// The upstreams that the feature loses something with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct FeatureOutlook(pub(super) BTreeMap<UpstreamName, Loss>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Loss {
    /// The state of the feature while the upstream is down.
    ///
    /// A failed probe alone degrades each feature with a loss, so it needs no comparison of its
    /// own.
    pub(super) state: Availability,
    pub(super) is_needed: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct UpstreamOutlook {
    pub(super) probe: Option<String>,
    pub(super) retries: u8,
    pub(super) timeout: Duration,
    pub(super) connect_timeout: Duration,
}

/// The methods and paths of all routes.
pub(super) fn paths_of(config: &Config) -> BTreeSet<(String, String)> {
    let routes = config.routes.routes();
    routes
        .map(|route| (route.method.to_string(), route.path.to_string()))
        .collect()
}

impl Outlook {
    /// `names` are the upstreams' names, in their order; `paths` the methods and paths to look at.
    pub(super) fn of(
        config: &Config,
        names: &[UpstreamName],
        paths: &BTreeSet<(String, String)>,
    ) -> Self {
        let known = config.routes.routes();
        let known: BTreeMap<_, _> = known
            .map(|route| ((route.method.as_str(), &*route.path), route))
            .collect();
        let routes = paths.iter().map(|(method, path)| {
            let route = match known.get(&(&**method, &**path)) {
                Some(route) => Ok(*route),
                None => route_behind(config, method, path),
            };
            let outlook = route.map(|route| route_outlook(config, names, route));
            (format!("{method} {path}"), outlook)
        });
        let features = config.features.iter().map(|feature| {
            let losses = names.iter().enumerate().filter_map(|(index, name)| {
                let loss = Loss {
                    state: feature.declared_without(|upstream| *upstream == index),
                    is_needed: feature.needs.contains(&index),
                };
                (loss.state != Availability::Up).then(|| (name.clone(), loss))
            });
            (feature.name.clone(), FeatureOutlook(losses.collect()))
        });
        let upstreams = config.upstreams.iter().zip(names);
        Self {
            routes: routes.collect(),
            features: features.collect(),
            upstreams: upstreams
                .map(|(upstream, name)| (name.clone(), UpstreamOutlook::of(upstream)))
                .collect(),
        }
    }
}

/// The route that takes requests for a path without a row of its own: a removed row may have another
/// one behind it.
fn route_behind<'c>(config: &'c Config, method: &str, path: &str) -> Result<&'c Route, Code> {
    let method: Method = method.parse().map_err(|_unknown| Code::MethodNotAllowed)?;
    // A row for everything below a path is asked for several segments.
    let path = path.replace("{*", "{a}/{b}/{");
    match config.routes.find(&method, &path) {
        Found::Route { route, .. } => Ok(route),
        Found::OtherMethods(_) => Err(Code::MethodNotAllowed),
        Found::Nothing => Err(Code::RouteNotFound),
    }
}

fn route_outlook(config: &Config, names: &[UpstreamName], route: &Route) -> RouteOutlook {
    match &route.to {
        To::Own(_) => RouteOutlook::default(),
        To::Upstream(to) => {
            let (Some(upstream), Some(name)) =
                (config.upstreams.get(to.upstream), names.get(to.upstream))
            else {
                return RouteOutlook::default();
            };
            let timeout = to.settings.timeout;
            RouteOutlook {
                answers: BTreeMap::from([(name.clone(), Answer::of(to, names))]),
                timeout,
                timeout_of: (timeout == upstream.timeout).then(|| name.clone()),
                is_repeated: to.settings.idempotent && !route.method.is_safe(),
                ..RouteOutlook::default()
            }
        }
        To::Aggregate(index, _) => {
            let Some(aggregate) = config.aggregates.get(*index) else {
                return RouteOutlook::default();
            };
            let mut parts: Vec<_> = aggregate.parts.iter().collect();
            // A required part replaces another part of the same upstream in the map: without it there
            // is no answer at all.
            parts.sort_by_key(|part| part.required.is_some());
            let longest_age = aggregate.stale_if_error;
            let answers = parts.into_iter().filter_map(|part| {
                let answer = match part.required {
                    None => Answer::OtherParts(longest_age),
                    Some(_) if longest_age.is_zero() => Answer::Problem(Code::UpstreamUnavailable),
                    Some(_) => Answer::StalePart(longest_age),
                };
                Some((names.get(part.upstream)?.clone(), answer))
            });
            RouteOutlook {
                answers: answers.collect(),
                parts: aggregate
                    .parts
                    .iter()
                    .map(|part| part.name.clone())
                    .collect(),
                timeout: aggregate.timeout,
                ..RouteOutlook::default()
            }
        }
    }
}

impl Answer {
    /// The answer once the circuit is open.
    fn of(to: &ToUpstream, names: &[UpstreamName]) -> Self {
        match &to.outage {
            Outage::Error => Self::Problem(Code::UpstreamUnavailable),
            Outage::Stale(policy) => Self::Stale(Stale::of(policy, to.settings.timeout)),
            Outage::Fallback(fallback) => Self::File(fallback.file.clone()),
            Outage::Defer(keeper) => {
                let name = names.get(keeper.upstream);
                Self::Deferred(name.cloned().unwrap_or_default())
            }
        }
    }
}

impl Stale {
    fn of(policy: &CachePolicy, timeout: Duration) -> Self {
        let fresh = policy.fresh.unwrap_or_default();
        Self {
            longest_age: fresh.saturating_add(policy.stale_if_error),
            wait: policy.stale_after.min(timeout),
            is_shared: policy.is_shared,
            is_warm: policy.is_warm,
        }
    }
}

impl UpstreamOutlook {
    fn of(upstream: &UpstreamSettings) -> Self {
        Self {
            probe: upstream.probe.as_ref().map(ToString::to_string),
            retries: upstream.retries,
            timeout: upstream.timeout,
            connect_timeout: upstream.connect_timeout.min(upstream.timeout),
        }
    }
}
