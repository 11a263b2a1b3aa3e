//! The route table, and the radix tree that finds a row.
//!
//! Paths are compared as they were sent, byte for byte and undecoded: an escaped path can never
//! reach another route than the one it spells.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use actix_web::http::Method;
use actix_web::http::header::HeaderValue;
use service_kit::env::ConfigError;

use super::{Kept, Own, Page, Route, Settings, To, View, outage, row};
use crate::settings::limits::Limits;
use crate::settings::{RouteRow, UpstreamSettings};

#[derive(Debug)]
pub struct RouteTable<T = To> {
    routes: Vec<Arc<Route<T>>>,
    tree: matchit::Router<Entry<T>>,
    /// The methods of all paths, for `Allow`.
    allow: HeaderValue,
    /// The cached paths, by their index.
    kept: Vec<Arc<Kept>>,
}

/// The routes of one path.
#[derive(Debug)]
struct Entry<T> {
    routes: Vec<Arc<Route<T>>>,
    allow: HeaderValue,
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
        Own { tracks, documents }: Own,
    ) -> Result<Self, ConfigError> {
        let pages = Page::ALL.into_iter();
        let pages = pages.filter(|(page, _)| documents || !page.documents());
        let pages = pages.map(|(page, path)| (path, To::Own(page)));
        let views = View::ALL.map(|(view, path)| (path, To::Tracking(view)));
        let views = views.into_iter().filter(|_| tracks);
        let own_routes = pages.chain(views).enumerate();
        let mut routes: Vec<_> = own_routes
            .map(|(number, (path, to))| own(number, path, to))
            .collect();
        let kept = outage::kept_paths(rows)?;
        let mut numbers = 0..;
        for (name, rows) in rows {
            let (index, upstream) = upstreams
                .iter_mut()
                .enumerate()
                .find(|(_, upstream)| *upstream.name == **name)
                .ok_or_else(|| ConfigError::new(format!("routes.{name}"), "no such upstream"))?;
            for (row, number) in rows.iter().zip(&mut numbers) {
                let settings =
                    Settings::of(row, upstream, limits).map_err(|reason| row.refused(reason))?;
                let refuse = |reason| row.refused(reason);
                let terms = row::Terms {
                    number,
                    upstream: index,
                    settings,
                    outage: outage::of(row, &kept, folder).map_err(refuse)?,
                    invalidates: outage::invalidated(row, &kept).map_err(refuse)?,
                    kept: kept.get(&row.path).cloned(),
                };
                row::add(&mut routes, row, &terms, upstream)?;
            }
        }
        let tree = plant(&routes)?;
        let allow = row::allow(&routes).map_err(|error| ConfigError::new("routes", error))?;
        let mut kept: Vec<_> = kept.into_values().collect();
        kept.sort_unstable_by_key(|kept| kept.index);
        Ok(Self {
            routes,
            tree,
            allow,
            kept,
        })
    }

    /// The cached paths, by their index.
    pub(crate) fn kept(&self) -> &[Arc<Kept>] {
        &self.kept
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
            tree: plant(&routes)?,
            routes,
            allow: self.allow.clone(),
            kept: self.kept.clone(),
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

    /// Every row, the gateway's own pages first.
    pub fn routes(&self) -> impl Iterator<Item = &Route<T>> {
        self.routes.iter().map(AsRef::as_ref)
    }
}

fn own(number: usize, path: &str, to: To) -> Arc<Route> {
    Arc::new(Route {
        number,
        method: Method::GET,
        path: path.into(),
        is_probe: matches!(to, To::Own(Page::Live | Page::Ready)),
        to,
        rate_limit: None,
    })
}

fn plant<T>(routes: &[Arc<Route<T>>]) -> Result<matchit::Router<Entry<T>>, ConfigError> {
    let mut by_path: BTreeMap<&str, Vec<Arc<Route<T>>>> = BTreeMap::new();
    for route in routes {
        by_path
            .entry(&route.path)
            .or_default()
            .push(Arc::clone(route));
    }
    let mut tree = matchit::Router::new();
    for (path, routes) in by_path {
        let refuse = |reason: String| ConfigError::new(format!("route {path}"), reason);
        let allow = row::allow(&routes).map_err(|error| refuse(error.to_string()))?;
        tree.insert(path, Entry { routes, allow })
            .map_err(|error| refuse(error.to_string()))?;
    }
    Ok(tree)
}

#[cfg(test)]
mod tests {
    use actix_web::http::Method;
    use service_kit::env::Env;

    use super::{Found, RouteTable};
    use crate::config::Config;

    fn table() -> RouteTable {
        Config::load(None, &Env::of_pairs([])).unwrap().routes
    }

    #[test]
    fn a_row_is_found_with_its_parameters() {
        let table = table();
        let found = table.find(&Method::GET, "/order-api/commandes/42");
        let Found::Route { route, parameters } = found else {
            panic!("{found:?}")
        };
        assert_eq!(&*route.path, "/order-api/commandes/{id}");
        assert_eq!(parameters.get("id"), Some("42"));
    }

    #[test]
    fn a_known_path_with_another_method_lists_the_allowed_ones() {
        let table = table();
        let found = table.find(&Method::PUT, "/order-api/menu");
        let Found::OtherMethods(allow) = found else {
            panic!("{found:?}")
        };
        assert_eq!(allow, "GET, POST, HEAD, OPTIONS");
    }

    #[test]
    fn a_method_without_a_path_gets_all_methods() {
        let table = table();
        for (method, path) in [
            (Method::OPTIONS, "*"),
            (Method::TRACE, "/nowhere"),
            (Method::CONNECT, ""),
        ] {
            let found = table.find(&method, path);
            let Found::OtherMethods(allow) = found else {
                panic!("{found:?}")
            };
            assert_eq!(allow, "GET, POST, DELETE, PATCH, HEAD, OPTIONS");
        }
    }

    #[test]
    fn only_the_exact_path_is_found() {
        let table = table();
        for path in [
            "/order-api",
            "/order-api/menu/",
            "//order-api/menu",
            "/ORDER-API/menu",
            "/order-api%2Fmenu",
            "/order-api/%6denu",
            "/order-api/menu;x",
            "/order-api/commandes/",
            "/order-api/commandes/1/2",
            "/order-api/./menu",
            "*",
            "",
        ] {
            assert!(
                matches!(table.find(&Method::GET, path), Found::Nothing),
                "{path}"
            );
        }
    }
}
