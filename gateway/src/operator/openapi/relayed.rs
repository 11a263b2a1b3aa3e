//! Describes a route to an upstream: by the upstream's own document, and what the gateway adds.

use std::collections::BTreeMap;

use humantime::format_duration;
use openapi::{
    AGE, CACHE_STATUS, CODES, DEGRADED, DRILL, Parts, RATE_LIMIT, RATE_LIMIT_POLICY, REQUEST_ID,
    SEGMENT,
};
use serde_json::{Map, Value, json};
use shared_types::golden;
use shared_types::problem::{Code, MEDIA_TYPE};

use super::described::{Described, Operation};
use super::merge::Merge;
use crate::routing::route::{Outage, Route, ToUpstream, names_of};

/// An operation that clients reach by a route.
pub(super) struct Exposed<'d> {
    pub(super) route: &'d Route,
    pub(super) to: &'d ToUpstream,
    /// The public path.
    pub(super) path: String,
    pub(super) id: String,
    /// The upstream's own description, if there is one.
    pub(super) known: Option<Known<'d>>,
}

pub(super) struct Known<'d> {
    pub(super) from: &'d Described,
    pub(super) operation: Operation<'d>,
    /// The new names of its parameters.
    pub(super) names: Vec<(String, String)>,
}

/// Describes operations of upstreams.
pub(super) struct Describing<'d> {
    pub(super) parts: &'d mut Parts,
    pub(super) merge: &'d mut Merge,
    /// The new operation id of each operation, by its document and id there.
    pub(super) ids: &'d BTreeMap<(String, String), String>,
    pub(super) has_quotas: bool,
}

impl Describing<'_> {
    /// `codes` are those of the gateway itself, `tag` the upstream's.
    pub(super) fn operation(
        &mut self,
        exposed: &Exposed<'_>,
        codes: Vec<Code>,
        tag: &str,
    ) -> Value {
        let mut operation = Map::new();
        let field = |name: &str| exposed.known.as_ref()?.operation.fields.get(name);
        let tags = field("tags").cloned().unwrap_or_else(|| json!([tag]));
        operation.insert("tags".to_owned(), tags);
        operation.insert("operationId".to_owned(), exposed.id.as_str().into());
        let named = || format!("{} {}", exposed.route.method, exposed.path).into();
        let summary = field("summary").cloned().unwrap_or_else(named);
        operation.insert("summary".to_owned(), summary);
        let description = [
            field("description")
                .and_then(Value::as_str)
                .map(str::to_owned),
            in_an_outage(exposed.to),
        ];
        let description: Vec<_> = description.into_iter().flatten().collect();
        if !description.is_empty() {
            operation.insert("description".to_owned(), description.join("\n\n").into());
        }
        operation.insert("parameters".to_owned(), self.parameters(exposed).into());
        if let Some(known) = &exposed.known
            && let Some(body) = field("requestBody")
        {
            let body = self.merge.copy(known.from, body);
            operation.insert("requestBody".to_owned(), body);
        }
        if field("deprecated") == Some(&Value::Bool(true)) {
            operation.insert("deprecated".to_owned(), true.into());
        }
        operation.insert(
            "responses".to_owned(),
            self.responses(exposed, codes).into(),
        );
        operation.insert("security".to_owned(), self.security(exposed));
        operation.into()
    }

    fn parameters(&mut self, exposed: &Exposed<'_>) -> Vec<Value> {
        let mut parameters = Vec::new();
        let mut missing: Vec<_> = names_of(&exposed.path).collect();
        if let Some(known) = &exposed.known {
            let own = known.operation.fields.get("parameters");
            let own = own.and_then(Value::as_array).into_iter().flatten();
            for parameter in known.operation.shared.into_iter().flatten().chain(own) {
                let parameter = known.from.resolve(parameter);
                let (Some(name), Some(place)) = (text(parameter, "name"), text(parameter, "in"))
                else {
                    continue;
                };
                let mut renamed = known.names.iter();
                let new = renamed.find(|(old, _)| old == name);
                let name = match new.filter(|_| place == "path") {
                    Some((_, new)) => new,
                    None => name,
                };
                if place == "query" && !is_sent_on(exposed.to, name) {
                    continue;
                }
                let mut parameter = self.merge.copy(known.from, parameter);
                if let Some(parameter) = parameter.as_object_mut() {
                    parameter.insert("name".to_owned(), name.into());
                }
                missing.retain(|path_name| place != "path" || *path_name != name);
                parameters.push(parameter);
            }
        }
        let unknown = missing.into_iter().map(segment);
        unknown.chain(parameters).collect()
    }

    fn responses(&mut self, exposed: &Exposed<'_>, mut codes: Vec<Code>) -> Map<String, Value> {
        let mut answers = Map::new();
        match &exposed.known {
            Some(known) => {
                let responses = known.operation.fields.get("responses");
                let responses = responses.and_then(Value::as_object).into_iter().flatten();
                for (status, response) in responses {
                    let response = known.from.resolve(response);
                    match codes_of(response) {
                        Some(its) => codes.extend(its),
                        None => {
                            let answer = self.answer(exposed, known.from, response);
                            answers.insert(status.clone(), answer);
                        }
                    }
                }
            }
            None => {
                let any = json!({ "description": "What the service answers." });
                answers.insert("default".to_owned(), any);
            }
        }
        if let Outage::Defer(_) = exposed.to.outage {
            answers.insert("202".to_owned(), self.promise());
        }
        let mut responses = self.parts.problems(&codes);
        for (status, answer) in answers {
            let problem = responses.get(&status).is_some();
            let answer = if problem {
                with_problem(answer, &status)
            } else {
                answer
            };
            responses.insert(status, answer);
        }
        responses.sort_keys();
        responses
    }

    /// The answer to a request that is kept for later.
    fn promise(&mut self) -> Value {
        let location = json!({
            "description": "Where to ask what became of it.",
            "schema": { "type": "string" },
        });
        let mut headers = self.parts.headers(&[REQUEST_ID, DEGRADED, DRILL]);
        headers.insert("Location".to_owned(), location);
        let example = serde_json::from_str::<Value>(golden::PROMISE).unwrap_or_default();
        json!({
            "description": "It is kept, and delivered once the service is back. All that the request's JSON object says is in the answer, too.",
            "headers": headers,
            "content": { "application/json": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "id": { "type": "string", "format": "uuid" },
                        "status": { "const": "EN_ATTENTE_DE_CONFIRMATION" },
                        "message": { "type": "string" },
                    },
                    "required": ["id", "status", "message"],
                },
                "example": example,
            } },
        })
    }

    /// An answer of the upstream, with the header fields that the gateway adds.
    fn answer(&mut self, exposed: &Exposed<'_>, from: &Described, response: &Value) -> Value {
        let mut answer = self.merge.copy(from, response);
        let mut names = vec![REQUEST_ID, DRILL];
        if let Outage::Stale(_) = exposed.to.outage {
            names.extend([AGE, CACHE_STATUS, DEGRADED]);
        }
        if self.has_quotas && exposed.route.rate_limit.is_some() {
            names.extend([RATE_LIMIT, RATE_LIMIT_POLICY]);
        }
        let Some(fields) = answer.as_object_mut() else {
            return answer;
        };
        let headers = fields.entry("headers").or_insert_with(|| json!({}));
        if let Some(headers) = headers.as_object_mut() {
            headers.extend(self.parts.headers(&names));
        }
        if let Some(links) = fields.get_mut("links").and_then(Value::as_object_mut) {
            let old = std::mem::take(links);
            for (name, mut link) in old {
                let id = text(&link, "operationId").unwrap_or_default().to_owned();
                let new = self.ids.get(&(from.name.clone(), id));
                if let (Some(new), Some(link)) = (new, link.as_object_mut()) {
                    link.insert("operationId".to_owned(), new.as_str().into());
                    links.insert(name, Value::Object(link.clone()));
                }
            }
        }
        answer
    }

    fn security(&mut self, exposed: &Exposed<'_>) -> Value {
        let Some(known) = &exposed.known else {
            return json!([]);
        };
        let own = known.operation.fields.get("security");
        let own = own.or_else(|| known.from.document.get("security"));
        let wanted = own.and_then(Value::as_array).into_iter().flatten();
        let wanted = wanted.map(|schemes| {
            let schemes = schemes.as_object().into_iter().flatten();
            let schemes = schemes.filter_map(|(name, scopes)| {
                let name = self.merge.security_scheme(known.from, name)?;
                Some((name, scopes.clone()))
            });
            Value::Object(schemes.collect())
        });
        Value::Array(wanted.collect())
    }
}

/// Tells the answer while the upstream gives none, if it is not a problem.
fn in_an_outage(to: &ToUpstream) -> Option<String> {
    match &to.outage {
        Outage::Error => None,
        Outage::Stale(policy) => Some(format!(
            "While the service gives no answer, the last good one is served for up to {}.",
            format_duration(policy.stale_if_error)
        )),
        Outage::Fallback(_) => {
            Some("While the service gives no answer, a prepared one is served.".to_owned())
        }
        Outage::Defer(_) => Some(
            "While the service gives no answer, the request is kept and delivered later: the answer is then a 202 with \
             `X-Degraded: deferred`, and its `Location` tells what became of it."
                .to_owned(),
        ),
    }
}

/// Whether a row that stores answers passes a query parameter on.
fn is_sent_on(to: &ToUpstream, name: &str) -> bool {
    match &to.outage {
        Outage::Stale(policy) => policy
            .query
            .as_ref()
            .is_none_or(|names| names.iter().any(|known| known == name)),
        Outage::Error | Outage::Fallback(_) | Outage::Defer(_) => true,
    }
}

/// The codes of a response that is a problem of this workspace's services.
fn codes_of(response: &Value) -> Option<Vec<Code>> {
    let names = response.get(CODES)?.as_array()?.iter();
    let codes = names.map(|name| {
        let mut all = Code::ALL.iter();
        all.find(|code| Some(code.as_str()) == name.as_str())
            .copied()
    });
    codes.collect()
}

/// Adds the gateway's problem of the same status to an answer of the upstream.
fn with_problem(mut answer: Value, status: &str) -> Value {
    let problem = json!({ "$ref": format!("#/components/schemas/Problem{status}") });
    let content = answer.as_object_mut().map(|fields| {
        let content = fields.entry("content").or_insert_with(|| json!({}));
        content.as_object_mut()
    });
    if let Some(Some(content)) = content {
        let known = content.remove(MEDIA_TYPE);
        let known = known.and_then(|mut known| known.get_mut("schema").map(Value::take));
        let schema = match known {
            Some(known) => json!({ "anyOf": [known, problem] }),
            None => problem,
        };
        content.insert(MEDIA_TYPE.to_owned(), json!({ "schema": schema }));
    }
    answer
}

/// A parameter of a path whose form is not known.
pub(super) fn segment(name: &str) -> Value {
    let pattern = if name.starts_with('*') {
        format!("^{SEGMENT}(/{SEGMENT})*$")
    } else {
        format!("^{SEGMENT}$")
    };
    let schema = json!({ "type": "string", "pattern": pattern });
    // OpenAPI has no notation for several segments.
    let name = name.trim_start_matches('*');
    json!({ "name": name, "in": "path", "required": true, "schema": schema })
}

fn text<'v>(value: &'v Value, key: &str) -> Option<&'v str> {
    value.get(key)?.as_str()
}
