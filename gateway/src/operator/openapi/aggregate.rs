//! Describes an aggregate from the declaration of its parts.

use openapi::{Body, DEGRADED, DRILL, Example, Parts, REQUEST_ID};
use schemars::SchemaGenerator;
use serde_json::{Map, Value, json};
use shared_types::aggregate::{PartClosure, PartStatus};
use shared_types::problem::Code;
use shared_types::text::Lang;

use super::described::is_reached;
use super::own::TAG;
use super::relayed::segment;
use crate::aggregates::settings::{AggregateSettings, Form, PartSettings};
use crate::config::Config;
use crate::routing::route::{Route, To, View, names_of};
use crate::settings::JsonType;

pub(super) const STATUS: Body = Body {
    media_type: "application/json",
    schema: SchemaGenerator::subschema_for::<PartStatus>,
    example: Example::None,
};

pub(super) const CLOSURE: Body = Body {
    media_type: "application/json",
    schema: SchemaGenerator::subschema_for::<PartClosure>,
    example: Example::None,
};

/// Describes aggregates.
pub(super) struct Describing<'d> {
    pub(super) config: &'d Config,
    pub(super) parts: &'d mut Parts,
    /// The paths that are described already.
    pub(super) paths: &'d Map<String, Value>,
}

impl Describing<'_> {
    /// `codes` are those of the gateway itself.
    pub(super) fn operation(
        &mut self,
        (aggregate, view): (&AggregateSettings, View),
        (path, id): (&str, &str),
        mut codes: Vec<Code>,
    ) -> Value {
        codes.extend(codes_of(aggregate));
        let mut responses = self.parts.problems(&codes);
        responses.insert("200".to_owned(), self.answer(aggregate, view));
        responses.sort_keys();
        json!({
            "tags": [TAG.name],
            "operationId": id,
            "summary": summary(aggregate, view),
            "description": description(aggregate, view, self.config),
            "parameters": names_of(path).map(segment).collect::<Vec<_>>(),
            "responses": responses,
            "security": self.security(aggregate),
        })
    }

    /// A token is needed where a required part needs it. It makes a difference where another part has
    /// more for some.
    fn security(&self, aggregate: &AggregateSettings) -> Vec<Value> {
        let mut all = Vec::new();
        for part in &aggregate.parts {
            let wanted = self.described(part).and_then(|known| known.get("security"));
            let wanted = wanted.and_then(Value::as_array).into_iter().flatten();
            let mut wanted: Vec<_> = wanted.cloned().collect();
            if part.required.is_some() && !wanted.is_empty() {
                return wanted;
            }
            if !wanted.is_empty() && !wanted.contains(&json!({})) {
                wanted.insert(0, json!({}));
            }
            wanted.retain(|alternative| !all.contains(alternative));
            all.extend(wanted);
        }
        all
    }

    /// The answer with 200.
    fn answer(&mut self, aggregate: &AggregateSettings, view: View) -> Value {
        match view {
            View::Stream => json!({
                "description": "A stream of events.",
                "headers": self.parts.headers(&[REQUEST_ID, DRILL]),
                "content": { "text/event-stream": { "schema": { "type": "string" } } },
            }),
            View::Once => json!({
                "description": "The parts, and the state of each.",
                "headers": self.parts.headers(&[REQUEST_ID, DRILL, DEGRADED]),
                "content": { "application/json": { "schema": self.body(aggregate) } },
            }),
        }
    }

    fn body(&mut self, aggregate: &AggregateSettings) -> Value {
        let mut parts = Map::new();
        let mut states = Map::new();
        for part in &aggregate.parts {
            parts.insert(part.name.clone(), self.schema(part));
            states.insert(part.name.clone(), self.parts.schema(&STATUS));
        }
        let complete = json!({
            "type": "boolean",
            "description": "Whether every service answered just now.",
        });
        let meta = Map::from_iter([
            ("complete".to_owned(), complete),
            ("parts".to_owned(), object(states)),
        ]);
        let mut meta = object(meta);
        let closures = json!({
            "type": "array",
            "items": self.parts.schema(&CLOSURE),
            "description": "The closures of the services, present or announced: at most one for each service.",
        });
        if let Some(properties) = meta.get_mut("properties").and_then(Value::as_object_mut) {
            properties.insert("closures".to_owned(), closures);
        }
        parts.insert("meta".to_owned(), meta);
        object(parts)
    }

    /// A part has the schema of the route that leads to the same path. Without one, only its type is
    /// known.
    fn schema(&self, part: &PartSettings) -> Value {
        let is_required = part.required.is_some();
        let known = self.described(part).and_then(|operation| {
            let content = operation.get("responses")?.get("200")?.get("content")?;
            content.get("application/json")?.get("schema")
        });
        let known = known.and_then(|schema| match *part.form {
            Form::Whole(_) => Some(schema.clone()),
            Form::Found(_) => schema.get("items").cloned(),
        });
        match known {
            Some(schema) if is_required => schema,
            Some(schema) => json!({ "anyOf": [schema, { "type": "null" }] }),
            None => {
                let mut types = match *part.form {
                    Form::Whole(None) => vec!["object", "array"],
                    Form::Whole(Some(JsonType::Array)) => vec!["array"],
                    Form::Whole(Some(JsonType::Object)) | Form::Found(_) => vec!["object"],
                };
                types.extend((!is_required).then_some("null"));
                json!({ "type": types })
            }
        }
    }

    /// The operation of a route that leads to the part's path, if it is described.
    fn described(&self, part: &PartSettings) -> Option<&Value> {
        let mut routes = self.config.routes.routes();
        routes.find_map(|route| self.operation_of(part, route))
    }

    fn operation_of(&self, part: &PartSettings, route: &Route) -> Option<&Value> {
        let To::Upstream(to) = &route.to else {
            return None;
        };
        let path = part.path.to_string();
        let path = path.split('?').next().unwrap_or_default();
        let leads_there = to.upstream == part.upstream
            && route.method == "GET"
            && is_reached(path, &to.target.to_string());
        let operation = self.paths.get(&*route.path)?.get("get")?;
        leads_there.then_some(operation)
    }
}

/// The problems of required parts.
fn codes_of(aggregate: &AggregateSettings) -> Vec<Code> {
    let required = aggregate.parts.iter().filter_map(|part| part.required);
    let codes = required.flat_map(|not_found| [not_found, Code::Unauthorized, Code::Forbidden]);
    codes.collect()
}

fn summary(aggregate: &AggregateSettings, view: View) -> String {
    match view {
        View::Once => format!("Get {}", list_of(aggregate)),
        View::Stream => format!("Watch {}", list_of(aggregate)),
    }
}

/// The names of the parts: `a, b and c`.
fn list_of(aggregate: &AggregateSettings) -> String {
    let names: Vec<_> = aggregate.parts.iter().map(|part| &*part.name).collect();
    match names.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => String::new(),
    }
}

fn description(aggregate: &AggregateSettings, view: View, config: &Config) -> String {
    if let (View::Stream, Some(events)) = (view, &aggregate.events) {
        let end = events
            .end
            .as_ref()
            .map(|end| format!(", and `{}` after the last one", end.event));
        return format!(
            "Server-sent events: `{}`, with the body of `GET {}` at once and whenever it changes{}.",
            events.name,
            aggregate.path,
            end.unwrap_or_default()
        );
    }
    let parts = aggregate.parts.iter().map(|part| {
        let upstream = config.upstreams.get(part.upstream);
        let service = upstream.map_or("-", |upstream| upstream.label.to(Lang::En));
        let required = match part.required {
            Some(_) => "; without it, its problem is the answer",
            None => "",
        };
        format!("- `{}`: {service}{required}", part.name)
    });
    let parts: Vec<_> = parts.collect();
    let text = "One answer of several services, whichever of them can be heard. A part without an answer is its last \
                good one or null, and `meta` says which. The parts, and who answers them:";
    format!("{text}\n{}", parts.join("\n"))
}

/// An object with these properties, each of which it has.
fn object(properties: Map<String, Value>) -> Value {
    let names: Vec<_> = properties.keys().cloned().collect();
    json!({ "type": "object", "properties": properties, "required": names })
}
