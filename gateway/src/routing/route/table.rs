//! The route table, and the radix tree that finds a row.
//!
//! Paths are compared as they were sent, byte for byte and undecoded: an escaped path can never
//! reach another route than the one it spells.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use actix_web::http::Method;
use actix_web::http::header::HeaderValue;
use matchit::InsertError;
use percent_encoding::percent_decode_str;
use service_kit::env::ConfigError;

use super::{AggregatePath, CachePolicy, Own, Page, Route, Settings, To, outage, row};
use crate::settings::limits::Limits;
use crate::settings::{RouteRow, UpstreamSettings};

#[derive(Debug)]
pub struct RouteTable<T = To> {
    routes: Vec<Arc<Route<T>>>,
    tree: matchit::Router<Entry<T>>,
    /// The methods of all paths, for `Allow`.
    allow: HeaderValue,
    /// The cached paths, by their index.
    cache_policies: Vec<Arc<CachePolicy>>,
}

/// The routes of one path.
#[derive(Debug)]
struct Entry<T> {
    routes: Vec<Arc<Route<T>>>,
    allow: HeaderValue,
    /// The more exact paths that another spelling could get around by way of this one.
    guarded: Vec<Arc<str>>,
}

impl<T> Entry<T> {
    fn guards(&self, other: &Self) -> bool {
        let path = other.routes.first().map(|route| &*route.path);
        path.is_some_and(|path| self.guarded.iter().any(|guarded| **guarded == *path))
    }
}

/// A path that cannot be in the tree.
struct Clash {
    path: String,
    /// The path that it clashes with.
    other: Option<String>,
    reason: String,
}

impl Clash {
    fn refused(self) -> ConfigError {
        ConfigError::new(format!("route {}", self.path), self.reason)
    }

    /// The error, named by the row or the aggregate with one of the two paths.
    fn in_file(
        self,
        rows: &BTreeMap<String, Vec<RouteRow>>,
        aggregates: &[AggregatePath],
    ) -> ConfigError {
        let paths = [Some(&*self.path), self.other.as_deref()];
        let mut rows = rows.values().flatten();
        if let Some(row) = rows.find(|row| paths.contains(&Some(&row.path))) {
            return row.refused(format!("path: {}", self.reason));
        }
        let mut aggregates = aggregates.iter();
        match aggregates.find(|one| paths.contains(&Some(&one.path))) {
            Some(one) => ConfigError::new(&one.key, self.reason),
            None => self.refused(),
        }
    }
}

/// The result of a search.
#[derive(Debug)]
pub(crate) enum Found<'t, 'p, T = To> {
    Route {
        route: &'t Arc<Route<T>>,
        parameters: matchit::Params<'t, 'p>,
    },
    /// The path has other methods, or the method does not ask for a path. The methods, as `Allow`
    /// writes them.
    OtherMethods(&'t HeaderValue),
    Nothing,
}

impl RouteTable {
    pub(crate) fn build(
        rows: &BTreeMap<String, Vec<RouteRow>>,
        upstreams: &mut [UpstreamSettings],
        limits: &Limits,
        folder: &Path,
        served: &Own,
    ) -> Result<Self, ConfigError> {
        let aggregates = &served.aggregates;
        let pages = Page::ALL.into_iter();
        let pages = pages.filter(|(page, _)| served.has(*page));
        let pages = pages.enumerate();
        let mut routes: Vec<_> = pages
            .map(|(number, (page, path))| own(number, path.into(), To::Own(page)))
            .collect();
        for one in aggregates {
            if routes.iter().any(|route| route.path == one.path) {
                let reason = format!("GET {} stands twice", one.path);
                return Err(ConfigError::new(&one.key, reason));
            }
            let to = To::Aggregate(one.index, one.view);
            routes.push(own(routes.len(), Arc::clone(&one.path), to));
        }
        let policies = outage::cache_policies(rows)?;
        let mut numbers = 0..;
        for (name, rows) in rows {
            let refuse = |reason| ConfigError::new(format!("routes.{name}"), reason);
            for (row, number) in rows.iter().zip(&mut numbers) {
                let refuse_row = |reason| row.refused(reason);
                let outage = outage::of(row, name, &policies, folder, upstreams);
                let (index, upstream) = UpstreamSettings::named(upstreams, name).map_err(refuse)?;
                let settings = Settings::of(row, upstream, limits).map_err(refuse_row)?;
                let terms = row::Terms {
                    number,
                    upstream: index,
                    settings,
                    outage: outage.map_err(refuse_row)?,
                    invalidates: outage::invalidated(row, &policies).map_err(refuse_row)?,
                    cache_policy: policies.get(&row.path).cloned(),
                };
                row::add(&mut routes, row, &terms, upstream)?;
            }
        }
        let tree = plant(&routes).map_err(|clash| clash.in_file(rows, aggregates))?;
        let allow = row::allow(&routes).map_err(|error| ConfigError::new("routes", error))?;
        let mut cache_policies: Vec<_> = policies.into_values().collect();
        cache_policies.sort_unstable_by_key(|policy| policy.index);
        Ok(Self {
            routes,
            tree,
            allow,
            cache_policies,
        })
    }
}

impl<T> RouteTable<T> {
    /// The same rows with other destinations.
    ///
    /// # Errors
    /// `to` has none for a row.
    pub(crate) fn with<U>(
        &self,
        to: impl Fn(&Route<T>) -> Result<U, ConfigError>,
    ) -> Result<RouteTable<U>, ConfigError> {
        let routes = self.routes.iter().map(|route| {
            Ok(Arc::new(Route {
                number: route.number,
                method: route.method.clone(),
                path: Arc::clone(&route.path),
                to: to(route)?,
                rate_limit: route.rate_limit,
                is_probe: route.is_probe,
            }))
        });
        let routes = routes.collect::<Result<Vec<_>, ConfigError>>()?;
        Ok(RouteTable {
            tree: plant(&routes).map_err(Clash::refused)?,
            routes,
            allow: self.allow.clone(),
            cache_policies: self.cache_policies.clone(),
        })
    }

    pub(crate) fn find<'t, 'p>(&'t self, method: &Method, path: &'p str) -> Found<'t, 'p, T> {
        let Ok(matched) = self.tree.at(path) else {
            // `OPTIONS *` asks about the server (RFC 9110 §9.3.7); CONNECT and TRACE are refused on
            // every path.
            let asks_nothing_of_a_path = match *method {
                Method::CONNECT | Method::TRACE => true,
                Method::OPTIONS => path == "*",
                _ => false,
            };
            return if asks_nothing_of_a_path {
                Found::OtherMethods(&self.allow)
            } else {
                Found::Nothing
            };
        };
        let entry = matched.value;
        if !entry.guarded.is_empty() && self.spells_another(path, entry) {
            return Found::Nothing;
        }
        let of = |method: &Method| entry.routes.iter().find(|route| route.method == *method);
        // HEAD uses GET's route (RFC 9110 §9.3.2), unless it has a row of its own.
        let route = match of(method) {
            None if *method == Method::HEAD => of(&Method::GET),
            route => route,
        };
        match route {
            Some(route) => Found::Route {
                route,
                parameters: matched.params,
            },
            None => Found::OtherMethods(&entry.allow),
        }
    }

    /// Whether the upstream could take the path for that of a more exact row: `/stock/logi%6e` must
    /// not get around the row `/stock/login` by way of `/stock/{*rest}` or `/stock/{id}`.
    fn spells_another(&self, path: &str, entry: &Entry<T>) -> bool {
        if !path.contains(['%', ';']) {
            return false;
        }
        let decoded = percent_decode_str(path).decode_utf8_lossy();
        let segments = decoded.split('/');
        let segments = segments.map(|segment| segment.split(';').next().unwrap_or_default());
        let understood = segments.collect::<Vec<_>>().join("/");
        let other = self.tree.at(&understood);
        other.is_ok_and(|other| entry.guards(other.value))
    }

    /// The cached paths, by their index.
    pub(crate) fn cache_policies(&self) -> &[Arc<CachePolicy>] {
        &self.cache_policies
    }

    /// Every row, the gateway's own pages first.
    pub fn routes(&self) -> impl Iterator<Item = &Route<T>> {
        self.routes.iter().map(AsRef::as_ref)
    }
}

fn own(number: usize, path: Arc<str>, to: To) -> Arc<Route> {
    Arc::new(Route {
        number,
        method: Method::GET,
        path,
        is_probe: matches!(to, To::Own(Page::Live | Page::Ready)),
        to,
        rate_limit: None,
    })
}

fn plant<T>(routes: &[Arc<Route<T>>]) -> Result<matchit::Router<Entry<T>>, Clash> {
    let mut by_path: BTreeMap<&str, Vec<Arc<Route<T>>>> = BTreeMap::new();
    for route in routes {
        by_path
            .entry(&route.path)
            .or_default()
            .push(Arc::clone(route));
    }
    let paths: Vec<_> = by_path.keys().copied().collect();
    let mut tree = matchit::Router::new();
    for (path, routes) in by_path {
        let refuse = |other, reason: String| Clash {
            path: path.to_owned(),
            other,
            reason,
        };
        let allow = row::allow(&routes).map_err(|error| refuse(None, error.to_string()))?;
        let entry = Entry {
            routes,
            allow,
            guarded: paths
                .iter()
                .filter(|other| is_more_exact(other, path))
                .map(|&other| other.into())
                .collect(),
        };
        tree.insert(path, entry).map_err(|error| match error {
            InsertError::Conflict { with } => {
                let reason = format!("{path} and {with} match the same requests");
                refuse(Some(with), reason)
            }
            error => refuse(None, error.to_string()),
        })?;
    }
    Ok(tree)
}

/// Whether another spelling of a path of the row `other` could match the row `path`, whose
/// parameters take any spelling: a literal segment of `other` stands at or behind the first of them.
/// A `{*rest}` also yields to the parameters of `other`.
fn is_more_exact(other: &str, path: &str) -> bool {
    let is_parameter = |segment: &str| segment.contains('{');
    // Most rows have no parameter, and this is asked for each pair of rows at the start.
    if !is_parameter(path) || other == path {
        return false;
    }
    let mut others = other.split('/');
    let mut literals = path.split('/').take_while(|segment| !is_parameter(segment));
    let literals_agree = literals.all(|literal| {
        let other = others.next();
        other.is_some_and(|other| other == literal || is_parameter(other))
    });
    let yields = |segment: &str| path.contains("{*") || !is_parameter(segment);
    literals_agree && others.any(yields)
}

#[cfg(test)]
mod tests;
