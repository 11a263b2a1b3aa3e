//! The operations of a document, and the parts that they share.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use shared_types::problem::Code;

use crate::headers::{self, REQUEST_ID};
use crate::operation::{Body, Operation, Response, Side, Token};
use crate::parameters::{id, path_names};
use crate::problems::Problems;
use crate::schemas::Schemas;

/// The name of the token's security scheme.
pub const SCHEME: &str = "token";

/// The codes that come from a body that a service reads.
const OF_BODIES: &[Code] = &[
    Code::PayloadTooLarge,
    Code::UnsupportedMediaType,
    Code::ValidationFailed,
];

/// The codes that come from a token that a service reads.
const OF_TOKENS: &[Code] = &[Code::Unauthorized, Code::SessionExpired];

/// The shared parts, which grow while operations are described.
#[derive(Default)]
pub struct Parts {
    schemas: Schemas,
    problems: Problems,
    headers: BTreeSet<String>,
    /// Whether the service asks everyone for a token whom a rule does not let through without one.
    is_strict: bool,
}

impl Parts {
    /// For a service whose access is strict.
    #[must_use]
    pub fn strict() -> Self {
        Self {
            is_strict: true,
            ..Self::default()
        }
    }

    /// Describes an operation. `codes` are those that it may answer beside its own; `names` are the
    /// header fields that its answers have beside their own.
    pub fn operation(&mut self, operation: &Operation, codes: &[Code], names: &[&str]) -> Value {
        let mut all = codes.to_vec();
        all.extend(codes_of(operation));
        let mut responses = self.problems(&all);
        for answer in operation.answers {
            responses.insert(answer.status.to_string(), self.answer(answer, names));
        }
        responses.sort_keys();
        let described = |name: &str| {
            let mut known = operation.parameters.iter();
            known.any(|parameter| parameter.place == "path" && parameter.name == name)
        };
        let ids = path_names(operation.path).filter(|name| !described(name));
        let mut parameters: Vec<_> = ids.map(|name| id(name, operation.example_id)).collect();
        parameters.extend(
            operation
                .parameters
                .iter()
                .map(|parameter| parameter.to_value()),
        );
        let mut described = Map::new();
        described.insert("tags".to_owned(), json!([operation.tag]));
        described.insert("operationId".to_owned(), operation.id.into());
        described.insert("summary".to_owned(), operation.summary.into());
        if !operation.description.is_empty() {
            described.insert("description".to_owned(), operation.description.into());
        }
        described.insert("parameters".to_owned(), parameters.into());
        if let Some(body) = &operation.body {
            let bodies: Vec<_> = [*body].into_iter().chain(operation.other_body).collect();
            let content = self.content(&bodies, Side::Request);
            let body = json!({ "required": true, "content": content });
            described.insert("requestBody".to_owned(), body);
        }
        described.insert("responses".to_owned(), responses.into());
        described.insert(
            "security".to_owned(),
            security(operation.token, self.is_strict),
        );
        described.into()
    }

    /// References to the responses with these codes, by status.
    pub fn problems(&mut self, codes: &[Code]) -> Map<String, Value> {
        self.problems.responses(codes)
    }

    /// References to header fields.
    pub fn headers(&mut self, names: &[&str]) -> Map<String, Value> {
        self.headers.extend(names.iter().map(ToString::to_string));
        headers::references(names.iter().copied())
    }

    /// The schema of a body of an answer.
    pub fn schema(&mut self, body: &Body) -> Value {
        self.schemas.of(body, Side::Response).into()
    }

    fn answer(&mut self, answer: &Response, names: &[&str]) -> Value {
        let mut all = vec![REQUEST_ID];
        all.extend(answer.headers);
        all.extend(names);
        let mut response = json!({
            "description": answer.description,
            "headers": self.headers(&all),
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

    /// All shared parts, by their kind and name.
    #[must_use]
    pub fn into_components(self) -> Map<String, Value> {
        let Self {
            mut schemas,
            problems,
            headers: mut names,
            is_strict: _,
        } = self;
        names.extend(problems.headers().map(str::to_owned));
        let problems = problems.into_components(&mut schemas);
        let mut schemas = schemas.into_components();
        // Each status has a schema of its own.
        schemas.remove("Problem");
        schemas.extend(problems.schemas);
        schemas.sort_keys();
        let components = json!({
            "schemas": schemas,
            "responses": problems.responses,
            "examples": problems.examples,
            "headers": headers::components(&names),
        });
        match components {
            Value::Object(components) => components,
            _ => Map::new(),
        }
    }
}

/// The codes that follow from the operation itself.
fn codes_of(operation: &Operation) -> Vec<Code> {
    let mut codes = operation.codes.to_vec();
    if operation.body.is_some() {
        codes.extend(OF_BODIES);
    }
    match operation.token {
        Token::Unused => {}
        Token::SometimesNeeded | Token::MayBeNeeded => {
            codes.extend([OF_TOKENS, &[Code::Forbidden]].concat())
        }
        Token::Needed => codes.extend(OF_TOKENS),
    }
    codes
}

/// An empty alternative makes the token optional.
fn security(token: Token, is_strict: bool) -> Value {
    match token {
        Token::Unused => json!([]),
        Token::MayBeNeeded if is_strict => json!([{ SCHEME: [] }]),
        Token::SometimesNeeded | Token::MayBeNeeded => json!([{}, { SCHEME: [] }]),
        Token::Needed => json!([{ SCHEME: [] }]),
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
