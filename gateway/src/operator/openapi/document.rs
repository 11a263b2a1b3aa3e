//! The whole document: every row of the route table, then the parts that rows share.

use serde_json::{Map, Value, json};

use super::aggregate;
use super::headers::{
    self, AGE, CACHE_STATUS, DEGRADED, DRILL, RATE_LIMIT, RATE_LIMIT_POLICY, REQUEST_ID,
};
use super::operation::{Body, Operation, Response, Side, Tag, Token};
use super::operations;
use super::parameters;
use super::problems::{self, Problems};
use super::schemas::Schemas;
use crate::config::Config;
use crate::routing::route::{Outage, Route, To, names_of};

const DESCRIPTION: &str = "\
The one door to a restaurant's services. Ids are UUID strings, times RFC 3339 in UTC, prices numbers in euros. A status, \
a role or a category is taken whatever its case and accents (`prête`); an unknown field is ignored.

Every error is a problem (RFC 9457), in French, or in English where `Accept-Language` prefers it. An unknown path is a \
404 `route_not_found`; a known one with another method is a 405 `method_not_allowed` with `Allow`. HEAD is answered \
wherever GET is.";

const SCHEME: &str = "token";

pub(crate) fn document(config: &Config) -> Value {
    let mut parts = Parts::default();
    let mut paths: Map<String, Value> = Map::new();
    for route in config.routes.routes() {
        let operation = parts.operation(route, config);
        let path = route.path.replace("{*", "{");
        let path = paths.entry(path).or_insert_with(|| json!({}));
        if let Some(methods) = path.as_object_mut() {
            methods.insert(route.method.as_str().to_ascii_lowercase(), operation);
        }
    }
    let Parts {
        mut schemas,
        mut problems,
    } = parts;
    problems.add_of_no_operation(&mut schemas);
    let (responses, examples) = problems.into_components();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Passe-plat",
            "version": env!("CARGO_PKG_VERSION"),
            "description": DESCRIPTION,
            "license": { "name": "MIT", "identifier": "MIT" },
        },
        "servers": [{ "url": "/" }],
        "tags": tags(config),
        "paths": paths,
        "components": {
            "schemas": schemas.into_components(),
            "responses": responses,
            "examples": examples,
            "headers": headers::components(),
            "securitySchemes": { SCHEME: {
                "type": "http",
                "scheme": "bearer",
                "bearerFormat": "JWT",
                "description": "The `access_token` of `POST /client-api/login`.",
            } },
        },
    })
}

/// The shared parts, which grow while operations are described.
#[derive(Default)]
struct Parts {
    schemas: Schemas,
    problems: Problems,
}

impl Parts {
    fn operation(&mut self, route: &Route, config: &Config) -> Value {
        let known = operations::of(route.method.as_str(), &route.path);
        let has_quotas = config.rate_limit.is_some();
        let mut codes = problems::codes(route, known, has_quotas);
        let aggregate = match route.to {
            To::Aggregate(index, view) => config.aggregates.get(index).map(|one| (one, view)),
            To::Own(_) | To::Upstream(_) => None,
        };
        codes.extend(
            aggregate
                .into_iter()
                .flat_map(|(one, _)| aggregate::codes(one)),
        );
        let mut responses = self.problems.responses(&codes, &mut self.schemas);
        let mut parameters: Vec<_> = names_of(&route.path)
            .map(|name| parameters::of_path(&route.path, name, known.is_some()))
            .collect();
        if let (None, Some((aggregate, view))) = (known, aggregate) {
            let answer = aggregate::answer(aggregate, view, config, &mut self.schemas);
            responses.insert("200".to_owned(), answer);
            responses.sort_keys();
            return json!({
                "tags": [tag_of(route, config)],
                "operationId": id_of(route),
                "summary": aggregate::summary(aggregate, view),
                "description": aggregate::description(aggregate, view, config),
                "parameters": parameters,
                "responses": responses,
            });
        }
        let Some(known) = known else {
            responses.insert(
                "default".to_owned(),
                json!({ "description": "What the service answers." }),
            );
            return json!({
                "tags": [tag_of(route, config)],
                "operationId": id_of(route),
                "summary": format!("{} {}", route.method, route.path),
                "parameters": parameters,
                "responses": responses,
            });
        };
        for answer in known.answers {
            responses.insert(
                answer.status.to_string(),
                self.answer(answer, route, has_quotas),
            );
        }
        responses.sort_keys();
        parameters.extend(
            known
                .parameters
                .iter()
                .map(|parameter| parameter.to_value()),
        );
        let mut operation = json!({
            "tags": [known.tag.name()],
            "operationId": known.id,
            "summary": known.summary,
            "parameters": parameters,
            "responses": responses,
        });
        if let Some(operation) = operation.as_object_mut() {
            self.add_options(operation, known);
        }
        operation
    }

    /// Adds the parts that only some operations have.
    fn add_options(&mut self, operation: &mut Map<String, Value>, known: &Operation) {
        if !known.description.is_empty() {
            operation.insert("description".to_owned(), known.description.into());
        }
        if let Some(body) = &known.body {
            let content = self.content(&[*body], Side::Request);
            let body = json!({ "required": true, "content": content });
            operation.insert("requestBody".to_owned(), body);
        }
        let security = match known.token {
            Token::Unused => return,
            Token::MayBeNeeded => json!([{}, { SCHEME: [] }]),
            Token::Needed => json!([{ SCHEME: [] }]),
        };
        operation.insert("security".to_owned(), security);
    }

    fn answer(&mut self, answer: &Response, route: &Route, has_quotas: bool) -> Value {
        let mut names = vec![REQUEST_ID];
        names.extend(answer.headers);
        if let To::Upstream(to) = &route.to {
            names.push(DRILL);
            if let Outage::Stale(_) = to.outage {
                names.extend([AGE, CACHE_STATUS, DEGRADED]);
            }
        }
        if has_quotas && route.rate_limit.is_some() {
            names.extend([RATE_LIMIT, RATE_LIMIT_POLICY]);
        }
        let mut response = json!({
            "description": answer.description,
            "headers": headers::references(names),
            "content": self.content(answer.bodies, Side::Response),
        });
        if let (false, Some(response)) = (answer.links.is_empty(), response.as_object_mut()) {
            response.insert("links".to_owned(), links(answer.links));
        }
        response
    }

    /// The bodies, by media type.
    fn content(&mut self, bodies: &[Body], side: Side) -> Map<String, Value> {
        let bodies = bodies.iter().map(|body| {
            let mut content = json!({ "schema": self.schemas.of(body, side) });
            if let (Some(example), Some(content)) = (body.example.value(), content.as_object_mut())
            {
                content.insert("example".to_owned(), example);
            }
            (body.media_type.to_owned(), content)
        });
        bodies.collect()
    }
}

fn links(to: &[(&str, &str)]) -> Value {
    let links = to.iter().map(|(operation, parameter)| {
        let link = json!({
            "operationId": operation,
            "parameters": { *parameter: "$response.body#/id" },
        });
        ((*operation).to_owned(), link)
    });
    Value::Object(links.collect())
}

/// The restaurant's tags, then one for each upstream with routes that [`operations`] does not know.
fn tags(config: &Config) -> Vec<Value> {
    let mut tags: Vec<_> = Tag::ALL
        .iter()
        .map(|tag| json!({ "name": tag.name(), "description": tag.description() }))
        .collect();
    for upstream in &config.upstreams {
        let mut unknown = config
            .routes
            .routes()
            .filter(|route| operations::of(route.method.as_str(), &route.path).is_none());
        if unknown.any(|route| tag_of(route, config) == &*upstream.name) {
            tags.push(json!({ "name": &*upstream.name }));
        }
    }
    tags
}

fn tag_of<'c>(route: &Route, config: &'c Config) -> &'c str {
    let upstream = match &route.to {
        To::Upstream(to) => config.upstreams.get(to.upstream),
        To::Own(_) | To::Aggregate(..) => None,
    };
    upstream.map_or(Tag::Gateway.name(), |upstream| &*upstream.name)
}

/// The operation id: `GET /a/{id}` becomes `get_a_id`.
fn id_of(route: &Route) -> String {
    let method = route.method.as_str().to_ascii_lowercase();
    let words = route.path.split(|c: char| !c.is_ascii_alphanumeric());
    let words = words.filter(|word| !word.is_empty());
    words.fold(method, |id, word| id + "_" + word)
}
