//! The whole document: every row of the route table, by the documents of the upstreams and what the
//! gateway knows itself.

use std::collections::{BTreeMap, BTreeSet};

use openapi::Parts;
use serde_json::{Map, Value, json};
use shared_types::problem::Code;

use super::aggregate;
use super::codes::codes;
use super::described::{Described, public_path};
use super::merge::Merge;
use super::own::{self, TAG as GATEWAY};
use super::relayed::{Describing, Exposed, Known};
use crate::config::Config;
use crate::routing::route::{Found, Route, To, ToUpstream};

const DESCRIPTION: &str = "\
One door to several services. Every error is a problem (RFC 9457), in French, or in English where `Accept-Language` \
prefers it. An unknown path is a 404 `route_not_found`; a known one with another method is a 405 `method_not_allowed` \
with `Allow`. HEAD is answered wherever GET is.";

/// How many operations of a prefix are described. A document of any size must not take any memory.
const MOST: usize = 1000;

/// The document of all routes. `described` are the documents of upstreams that are known.
#[must_use]
pub fn document(config: &Config, described: &[Described]) -> Value {
    let has_quotas = config.rate_limit.is_some();
    let (exposed, ids) = exposed(config, described);
    let mut parts = Parts::default();
    let mut merge = Merge::default();
    merge.reserve(&own_components());
    let mut paths = Paths::default();
    for route in config.routes.routes() {
        if let To::Own(page) = route.to {
            let operation = own::of(page);
            let described = parts.operation(&operation, &codes(route, has_quotas), &[]);
            paths.add(&route.path, route, described);
        }
    }
    for exposed in &exposed {
        let route = exposed.route;
        let mut describing = Describing {
            parts: &mut parts,
            merge: &mut merge,
            ids: &ids,
            has_quotas,
        };
        let upstream = config.upstreams.get(exposed.to.upstream);
        let tag = upstream.map_or(GATEWAY.name, |upstream| &*upstream.name);
        let operation = describing.operation(exposed, codes(route, has_quotas), tag);
        paths.add(&exposed.path, route, operation);
    }
    // The parts of an aggregate are described by what is described now.
    for route in config.routes.routes() {
        let To::Aggregate(index, view) = route.to else {
            continue;
        };
        let Some(aggregate) = config.aggregates.get(index) else {
            continue;
        };
        let mut describing = aggregate::Describing {
            config,
            parts: &mut parts,
            paths: &paths.0,
        };
        let id = made_id(route.method.as_str(), &route.path);
        let (which, at) = ((aggregate, view), (&*route.path, &*id));
        let operation = describing.operation(which, at, codes(route, has_quotas));
        paths.add(&route.path, route, operation);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Passe-plat",
            "version": env!("CARGO_PKG_VERSION"),
            "description": DESCRIPTION,
            "license": { "name": "MIT", "identifier": "MIT" },
        },
        "servers": [{ "url": "/" }],
        "tags": tags(&paths.0, described),
        "paths": paths.0,
        "components": components(parts, merge),
    })
}

#[derive(Default)]
struct Paths(Map<String, Value>);

impl Paths {
    fn add(&mut self, path: &str, route: &Route, operation: Value) {
        // OpenAPI has no notation for several segments.
        let path = path.replace("{*", "{");
        let path = self.0.entry(path).or_insert_with(|| json!({}));
        if let Some(methods) = path.as_object_mut() {
            methods.insert(route.method.as_str().to_ascii_lowercase(), operation);
        }
    }
}

/// All components that the gateway itself may need, so that their names are taken.
fn own_components() -> Map<String, Value> {
    let mut parts = Parts::default();
    for operation in own::all() {
        parts.operation(&operation, Code::ALL, &[]);
    }
    let _schema = parts.schema(&aggregate::STATUS);
    let _schema = parts.schema(&aggregate::CLOSURE);
    parts.into_components()
}

fn components(parts: Parts, merge: Merge) -> Map<String, Value> {
    let mut components = parts.into_components();
    for (kind, named) in merge.into_components() {
        let known = components.entry(kind).or_insert_with(|| json!({}));
        if let (Some(known), Value::Object(named)) = (known.as_object_mut(), named) {
            known.extend(named);
            known.sort_keys();
        }
    }
    components
}

/// The operations of the routes to upstreams, and the new id of each that a document has.
fn exposed<'d>(
    config: &'d Config,
    described: &'d [Described],
) -> (Vec<Exposed<'d>>, BTreeMap<(String, String), String>) {
    let mut ids = Ids::default();
    for operation in own::all() {
        ids.taken.insert(operation.id.to_owned());
    }
    for route in config.routes.routes() {
        if let To::Aggregate(..) = route.to {
            ids.taken
                .insert(made_id(route.method.as_str(), &route.path));
        }
    }
    let mut exposed = Vec::new();
    for route in config.routes.routes() {
        let To::Upstream(to) = &route.to else {
            continue;
        };
        let known = known(config, described, route, to);
        // If the document has the path, only its methods are offered.
        let from = document_of(config, described, to);
        let is_known = from.is_some_and(|from| from.has(&to.target));
        for (path, known) in known {
            let id = known.operation.fields.get("operationId");
            let id = ids.of(
                &known.from.name,
                id.and_then(Value::as_str),
                &route.method,
                &path,
            );
            exposed.push(Exposed {
                route,
                to,
                path,
                id,
                known: Some(known),
            });
        }
        if !is_known {
            let path = route.path.to_string();
            let id = ids.of("", None, &route.method, &path);
            exposed.push(Exposed {
                route,
                to,
                path,
                id,
                known: None,
            });
        }
    }
    (exposed, ids.new)
}

/// The document of the upstream of a route.
fn document_of<'d>(
    config: &Config,
    described: &'d [Described],
    to: &ToUpstream,
) -> Option<&'d Described> {
    let upstream = config.upstreams.get(to.upstream)?;
    described.iter().find(|from| *from.name == *upstream.name)
}

/// The operations that the upstream's document has for a route, with their public paths.
fn known<'d>(
    config: &'d Config,
    described: &'d [Described],
    route: &'d Route,
    to: &'d ToUpstream,
) -> Vec<(String, Known<'d>)> {
    let from = document_of(config, described, to);
    let operations = from.into_iter().flat_map(|from| {
        let operations = from.at(route.method.as_str(), &to.target);
        operations.map(move |operation| (from, operation))
    });
    let known = operations.filter_map(|(from, operation)| {
        let (path, names) = public_path(&route.path, &to.target, operation.path);
        // A more exact row may stand before a prefix.
        let leads_here = path == *route.path
            || matches!(config.routes.find(&route.method, &path),
                Found::Route { route: found, .. } if found.number == route.number);
        leads_here.then_some((
            path,
            Known {
                from,
                operation,
                names,
            },
        ))
    });
    known.take(MOST).collect()
}

/// Operation ids, each given once.
#[derive(Default)]
struct Ids {
    taken: BTreeSet<String>,
    new: BTreeMap<(String, String), String>,
}

impl Ids {
    fn of(
        &mut self,
        document: &str,
        known: Option<&str>,
        method: &actix_web::http::Method,
        path: &str,
    ) -> String {
        let made = made_id(method.as_str(), path);
        let mut candidates: Vec<_> = known.map(str::to_owned).into_iter().collect();
        candidates.push(made.clone());
        let numbered = (2..).map(|number| format!("{made}_{number}"));
        let mut all = candidates.into_iter().chain(numbered);
        let id = all.find(|id| !self.taken.contains(id)).unwrap_or(made);
        self.taken.insert(id.clone());
        if let Some(known) = known {
            let key = (document.to_owned(), known.to_owned());
            self.new.entry(key).or_insert_with(|| id.clone());
        }
        id
    }
}

/// `GET /a/{id}` becomes `get_a_id`.
fn made_id(method: &str, path: &str) -> String {
    let words = path.split(|c: char| !c.is_ascii_alphanumeric());
    let words = words.filter(|word| !word.is_empty());
    words.fold(method.to_ascii_lowercase(), |id, word| id + "_" + word)
}

/// The tags in use: those of the documents in their order, the gateway's, then the others.
fn tags(paths: &Map<String, Value>, described: &[Described]) -> Vec<Value> {
    let operations = paths.values().filter_map(Value::as_object);
    let operations = operations.flat_map(|methods| methods.values());
    let used = operations
        .filter_map(|operation| operation["tags"].as_array())
        .flatten();
    let mut used: BTreeSet<_> = used.filter_map(Value::as_str).collect();
    let of_documents = described
        .iter()
        .filter_map(|from| from.document.get("tags")?.as_array());
    let own = json!({ "name": GATEWAY.name, "description": GATEWAY.description });
    let mut tags = Vec::new();
    for tag in of_documents.flatten().chain([&own]) {
        if used.remove(tag["name"].as_str().unwrap_or_default()) {
            tags.push(tag.clone());
        }
    }
    tags.extend(used.into_iter().map(|name| json!({ "name": name })));
    tags
}
