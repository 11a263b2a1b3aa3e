//! Makes routes of the file's rows, or refuses them by their path, and lists their methods for
//! `Allow`.

use std::sync::Arc;

use actix_web::http::Method;
use actix_web::http::header::{HeaderValue, InvalidHeaderValue};
use service_kit::env::ConfigError;

use super::{CachePolicy, Outage, Route, Settings, Target, To, ToUpstream, target};
use crate::settings::{METHODS, RouteRow, UpstreamSettings, spelling};

/// The settings that all methods of a row share.
pub(super) struct Terms {
    /// The row's number in the file.
    pub(super) number: usize,
    /// The index of the row's upstream.
    pub(super) upstream: usize,
    pub(super) settings: Settings,
    pub(super) outage: Outage,
    pub(super) invalidates: Vec<Arc<CachePolicy>>,
    pub(super) cache_policy: Option<Arc<CachePolicy>>,
}

/// Adds a route for each method of the row.
pub(super) fn add(
    routes: &mut Vec<Arc<Route>>,
    row: &RouteRow,
    terms: &Terms,
    upstream: &mut UpstreamSettings,
) -> Result<(), ConfigError> {
    let refuse = |reason: String| row.refused(reason);
    if row.methods.is_empty() {
        return Err(refuse("methods: at least one is needed".to_owned()));
    }
    let same = pattern(&row.path).map_err(|reason| refuse(format!("path: {reason}")))?;
    let target = match &row.to {
        Some(to) => {
            Target::parse(to, &row.path).map_err(|reason| refuse(format!("to: {reason}")))?
        }
        None => same,
    };
    for method in &row.methods {
        if !METHODS.contains(&method.as_str()) {
            let known = spelling::known(method, &METHODS);
            return Err(refuse(format!("methods: unknown method {method}{known}")));
        }
        let method: Method = method
            .parse()
            .map_err(|error| refuse(format!("methods: {method}: {error}")))?;
        if routes
            .iter()
            .any(|route| *route.path == *row.path && route.method == method)
        {
            return Err(refuse(format!("path: {method} {} stands twice", row.path)));
        }
        let path: Arc<str> = row.path.as_str().into();
        let circuit = upstream.add_circuit(method.clone(), Arc::clone(&path), row.priority);
        routes.push(Arc::new(Route {
            number: routes.len(),
            method,
            path,
            to: To::Upstream(ToUpstream {
                upstream: terms.upstream,
                circuit,
                row: terms.number,
                target: target.clone(),
                settings: terms.settings,
                outage: terms.outage.clone(),
                invalidates: terms.invalidates.clone(),
                cache_policy: terms.cache_policy.clone(),
            }),
            rate_limit: row.rate_limit.map(|rate| rate.0),
            is_probe: false,
        }));
    }
    Ok(())
}

/// Checks a path that requests are compared with. Returns it as a target.
fn pattern(path: &str) -> Result<Target, String> {
    let plain = |c: char| c.is_ascii_graphic() && !"?#%\\".contains(c);
    if !path.starts_with('/') || !path.chars().all(plain) {
        return Err("must begin with / and hold no query, escape or space".to_owned());
    }
    let target = Target::parse(path, path)?;
    target::check_names(path)?;
    Ok(target)
}

/// Checks the path of an aggregate, which has no `{*rest}`.
pub(crate) fn check_path(path: &str) -> Result<(), String> {
    pattern(path)?;
    if path.contains("{*") {
        return Err("{*rest} is for the rows of [routes]: write {id}".to_owned());
    }
    Ok(())
}

/// The names of a path's parameters, in its order.
pub(crate) fn names_of(path: &str) -> impl Iterator<Item = &str> {
    let parts = path.split('{').skip(1);
    parts.filter_map(|part| Some(part.split_once('}')?.0))
}

/// The value of `Allow` for these routes.
pub(super) fn allow<T>(routes: &[Arc<Route<T>>]) -> Result<HeaderValue, InvalidHeaderValue> {
    let mut methods: Vec<&str> = Vec::new();
    for route in routes {
        if !methods.contains(&route.method.as_str()) {
            methods.push(route.method.as_str());
        }
    }
    if methods.contains(&"GET") && !methods.contains(&"HEAD") {
        methods.push("HEAD");
    }
    methods.push("OPTIONS");
    HeaderValue::from_str(&methods.join(", "))
}
