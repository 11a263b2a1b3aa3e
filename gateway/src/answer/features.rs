//! The features, and their state while some services are down.

mod availability;
mod state;

use std::sync::Arc;

use actix_web::http::{Method, Uri};
use indexmap::IndexMap;
use service_kit::env::ConfigError;
use shared_types::gateway::Availability;
use shared_types::text::Text;

use crate::routing::route::{CachePolicy, Found, Outage, Route, RouteTable, To};
use crate::settings::{FeatureTable, UpstreamSettings};

pub(crate) use availability::{RunningFeatures, status};

#[derive(Debug)]
pub(crate) struct Features(Vec<Feature>);

/// `U` is an index among the upstreams in the configuration, and the upstream itself in a running
/// gateway.
#[derive(Debug)]
pub(crate) struct Feature<U = usize> {
    pub(crate) name: String,
    /// Its name for people.
    pub(crate) label: Text,
    /// The upstreams without which it is down.
    pub(crate) needs: Vec<U>,
    /// The upstreams without which it is degraded.
    pub(crate) uses: Vec<U>,
    pub(crate) probe: Probe,
    /// The probe's route at an upstream.
    pub(crate) route: Option<RouteAt<U>>,
    /// Its further routes at upstreams, which a closure of the feature closes as well.
    pub(crate) routes: Vec<RouteAt<U>>,
    /// What replaces the feature's own answer.
    pub(crate) stand_in: Option<StandIn<U>>,
}

/// What clients get instead of a feature's own answer while an upstream that it needs is down.
#[derive(Clone, Debug)]
pub(crate) enum StandIn<U = usize> {
    /// A stored answer of this row, if there is one.
    Stored(Arc<CachePolicy>),
    /// The promise of this upstream.
    Kept(U),
}

/// A route, given by its circuit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RouteAt<U = usize> {
    pub(crate) upstream: U,
    pub(crate) circuit: usize,
}

/// A request that changes nothing and shows whether the feature works.
#[derive(Clone, Debug)]
pub(crate) struct Probe {
    pub(crate) method: Method,
    pub(crate) target: Uri,
}

impl Features {
    /// `aggregates` are the routes of the aggregates' main parts.
    pub(crate) fn new(
        tables: &IndexMap<String, FeatureTable>,
        upstreams: &[UpstreamSettings],
        (routes, aggregates): (&RouteTable, &[Option<RouteAt>]),
    ) -> Result<Self, ConfigError> {
        let features = tables.iter().map(|(name, table)| {
            Feature::new(name, table, upstreams, (routes, aggregates))
                .map_err(|(key, reason)| ConfigError::new(format!("features.{name}.{key}"), reason))
        });
        features.collect::<Result<_, _>>().map(Self)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Feature> {
        self.0.iter()
    }
}

impl Feature {
    fn new(
        name: &str,
        table: &FeatureTable,
        upstreams: &[UpstreamSettings],
        (routes, aggregates): (&RouteTable, &[Option<RouteAt>]),
    ) -> Result<Self, (&'static str, String)> {
        let index = |key, name: &String| {
            let found = UpstreamSettings::position(upstreams, name);
            found.map_err(|reason| (key, reason))
        };
        let all = |key, names: &[String]| {
            let indices = names.iter().map(|name| index(key, name));
            indices.collect::<Result<Vec<_>, _>>()
        };
        let refuse = |reason: &str| ("probe", reason.to_owned());
        let (method, target) = table
            .probe
            .split_once(' ')
            .ok_or_else(|| refuse("expected a method and a path, such as GET /stock"))?;
        let probe = Probe {
            method: method
                .parse()
                .map_err(|_invalid| refuse("not a valid method"))?,
            target: target
                .parse()
                .map_err(|_invalid| refuse("not a valid path"))?,
        };
        let Found::Route { route, .. } = routes.find(&probe.method, probe.target.path()) else {
            return Err(refuse(
                "must be a request that a route answers: `gateway routes` lists them",
            ));
        };
        let stand_in = match &route.to {
            To::Upstream(to) => match &to.outage {
                Outage::Stale(policy) => Some(StandIn::Stored(Arc::clone(policy))),
                Outage::Defer(keeper) => Some(StandIn::Kept(keeper.upstream)),
                Outage::Error | Outage::Fallback(_) => None,
            },
            To::Own(_) | To::Aggregate(..) => None,
        };
        let route = at(route, aggregates);
        let further = table.routes.iter().map(|name| {
            let named = further(name, routes);
            let found = named.and_then(|route| {
                at(route, aggregates).ok_or_else(|| format!("{name} needs no upstream"))
            });
            found.map_err(|reason| ("routes", reason))
        });
        Ok(Self {
            name: name.to_owned(),
            label: table.label.or(&Text::untranslated(name)),
            needs: all("needs", &table.needs)?,
            uses: all("uses", &table.uses)?,
            probe,
            route,
            routes: further.collect::<Result<_, _>>()?,
            stand_in,
        })
    }

    /// The same feature with other upstreams.
    ///
    /// # Errors
    /// `upstream` has none for an index.
    pub(crate) fn with<U>(
        &self,
        upstream: impl Fn(usize) -> Result<U, ConfigError>,
    ) -> Result<Feature<U>, ConfigError> {
        let all = |indices: &[usize]| {
            let upstreams = indices.iter().map(|index| upstream(*index));
            upstreams.collect::<Result<Vec<_>, _>>()
        };
        let at = |route: &RouteAt| {
            Ok(RouteAt {
                upstream: upstream(route.upstream)?,
                circuit: route.circuit,
            })
        };
        let route = self.route.as_ref().map(at);
        let routes = self.routes.iter().map(at);
        let stand_in = self.stand_in.as_ref().map(|stand_in| {
            Ok(match stand_in {
                StandIn::Stored(policy) => StandIn::Stored(Arc::clone(policy)),
                StandIn::Kept(keeper) => StandIn::Kept(upstream(*keeper)?),
            })
        });
        Ok(Feature {
            name: self.name.clone(),
            label: self.label.clone(),
            needs: all(&self.needs)?,
            uses: all(&self.uses)?,
            probe: self.probe.clone(),
            route: route.transpose()?,
            routes: routes.collect::<Result<_, ConfigError>>()?,
            stand_in: stand_in.transpose()?,
        })
    }
}

/// The route at an upstream. That of an aggregate is the route of its main part.
fn at(route: &Route, aggregates: &[Option<RouteAt>]) -> Option<RouteAt> {
    match &route.to {
        To::Upstream(to) => Some(RouteAt {
            upstream: to.upstream,
            circuit: to.circuit,
        }),
        To::Aggregate(index, _) => aggregates.get(*index).copied().flatten(),
        To::Own(_) => None,
    }
}

/// The route of this name: a method and a path as the rows have it.
fn further<'r>(name: &str, routes: &'r RouteTable) -> Result<&'r Route, String> {
    let (method, path) = name
        .split_once(' ')
        .ok_or("expected a method and a path, such as GET /stock/{id}")?;
    let mut all = routes.routes();
    let found = all.find(|route| route.method.as_str() == method && *route.path == *path);
    found.ok_or_else(|| {
        format!("{name} is not the method and path of a row: `gateway routes` lists them")
    })
}

impl<U> Feature<U> {
    /// Its routes at upstreams.
    pub(crate) fn all_routes(&self) -> impl Iterator<Item = &RouteAt<U>> {
        self.route.iter().chain(&self.routes)
    }

    /// The row whose stored answer can replace the feature's own.
    pub(crate) fn stored(&self) -> Option<&Arc<CachePolicy>> {
        match self.stand_in.as_ref()? {
            StandIn::Stored(policy) => Some(policy),
            StandIn::Kept(_) => None,
        }
    }

    /// What the configuration says of the feature while one upstream is down.
    pub(crate) fn declared_without(&self, is_down: impl Fn(&U) -> bool) -> Availability {
        if self.needs.iter().any(&is_down) {
            match &self.stand_in {
                Some(StandIn::Stored(_)) => Availability::Degraded,
                Some(StandIn::Kept(keeper)) if !is_down(keeper) => Availability::Deferred,
                Some(StandIn::Kept(_)) | None => Availability::Down,
            }
        } else if self.uses.iter().any(&is_down) {
            Availability::Degraded
        } else {
            Availability::Up
        }
    }
}
