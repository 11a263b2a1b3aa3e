//! The problems that an operation can answer: one response for each status, shared by all
//! operations with the same codes.

use std::collections::{BTreeMap, BTreeSet};

use schemars::SchemaGenerator;
use serde_json::{Map, Value, json};
use shared_types::golden;
use shared_types::problem::{Code, MEDIA_TYPE, Occurrence, Problem};
use shared_types::text::Lang;

use super::headers::{
    self, AUTHENTICATE, DRILL, RATE_LIMIT, RATE_LIMIT_POLICY, REQUEST_ID, RETRY_AFTER,
};
use super::operation::{Body, Example, Operation, Side, Token};
use super::schemas::Schemas;
use crate::routing::route::{Outage, Route, To};

/// The codes that any request may get.
const ALWAYS: &[Code] = &[
    Code::BadRequest,
    Code::RequestTimeout,
    Code::PayloadTooLarge,
    Code::UriTooLong,
    Code::ExpectationFailed,
    Code::HeadersTooLarge,
    Code::InternalError,
    Code::UpgradeNotSupported,
    Code::HttpVersionNotSupported,
];

/// The codes that come from asking a service.
const OF_UPSTREAMS: &[Code] = &[
    Code::UpstreamUnreachable,
    Code::UpstreamInvalidResponse,
    Code::ServiceUnavailable,
    Code::UpstreamUnavailable,
    Code::UpstreamOverloaded,
    Code::UpstreamTimeout,
    Code::LoopDetected,
];

/// The codes that come from a body that a service reads.
const OF_BODIES: &[Code] = &[Code::UnsupportedMediaType, Code::ValidationFailed];

/// The codes of a request that matches no operation.
const OF_NO_OPERATION: &[Code] = &[Code::RouteNotFound, Code::MethodNotAllowed];

/// The codes of one route.
pub(super) fn codes(route: &Route, operation: Option<&Operation>, has_quotas: bool) -> Vec<Code> {
    let mut codes = ALWAYS.to_vec();
    // This holds without quotas, too: a client has a share of each upstream's requests.
    let has_share = matches!(route.to, To::Upstream(_) | To::Aggregate(..));
    if has_share || has_quotas && !route.is_probe {
        codes.push(Code::RateLimited);
    }
    match &route.to {
        To::Own(_) => {}
        To::Upstream(_) | To::Aggregate(..) => codes.extend(OF_UPSTREAMS),
    }
    if matches!(&route.to, To::Upstream(to) if matches!(to.outage, Outage::Stale(_))) {
        codes.push(Code::NotStored);
    }
    let Some(operation) = operation else {
        return codes;
    };
    if operation.body.is_some() {
        codes.extend(OF_BODIES);
    }
    match operation.token {
        Token::Unused => {}
        Token::MayBeNeeded => codes.extend([Code::Unauthorized, Code::Forbidden]),
        Token::Needed => codes.push(Code::Unauthorized),
    }
    codes.extend(operation.codes);
    codes
}

/// The responses and examples that the operations share.
#[derive(Default)]
pub(super) struct Problems {
    responses: BTreeMap<String, Value>,
    examples: BTreeSet<&'static str>,
}

impl Problems {
    /// References to the responses, by status.
    pub(super) fn responses(
        &mut self,
        codes: &[Code],
        schemas: &mut Schemas,
    ) -> Map<String, Value> {
        let mut by_status: BTreeMap<u16, Vec<Code>> = BTreeMap::new();
        // In the order of the table of codes.
        for code in Code::ALL.iter().filter(|code| codes.contains(code)) {
            by_status.entry(code.status()).or_default().push(*code);
        }
        let by_status = by_status.into_iter().map(|(status, codes)| {
            let name = self.response(status, &codes, schemas);
            let reference = json!({ "$ref": format!("#/components/responses/{name}") });
            (status.to_string(), reference)
        });
        by_status.collect()
    }

    /// Adds the responses to requests that match no operation, for readers of the components.
    pub(super) fn add_of_no_operation(&mut self, schemas: &mut Schemas) {
        let _references = self.responses(OF_NO_OPERATION, schemas);
    }

    fn response(&mut self, status: u16, codes: &[Code], schemas: &mut Schemas) -> String {
        let names: Vec<_> = codes.iter().map(|code| code.as_str()).collect();
        let name = names.join(".");
        self.examples.extend(&names);
        if !self.responses.contains_key(&name) {
            let response = json!({
                "description": description(codes),
                "headers": headers::references(headers_of(status)),
                "content": { MEDIA_TYPE: {
                    "schema": { "allOf": [
                        schemas.of(&PROBLEM, Side::Response),
                        { "properties": { "status": { "const": status }, "code": { "enum": names } } },
                    ] },
                    "examples": references(&names),
                } },
            });
            self.responses.insert(name.clone(), response);
        }
        name
    }

    /// The responses, and an example of each code.
    pub(super) fn into_components(self) -> (BTreeMap<String, Value>, Map<String, Value>) {
        let codes = Code::ALL
            .iter()
            .filter(|code| self.examples.contains(code.as_str()));
        let examples = codes.map(|code| (code.as_str().to_owned(), example(*code)));
        (self.responses, examples.collect())
    }
}

const PROBLEM: Body = Body {
    media_type: MEDIA_TYPE,
    schema: SchemaGenerator::subschema_for::<Problem>,
    example: Example::Of(golden::PROBLEM),
};

fn headers_of(status: u16) -> Vec<&'static str> {
    let mut names = vec![REQUEST_ID];
    match status {
        401 => names.push(AUTHENTICATE),
        405 => names.push(headers::ALLOW),
        429 => names.extend([RETRY_AFTER, RATE_LIMIT, RATE_LIMIT_POLICY]),
        503 => names.extend([RETRY_AFTER, DRILL]),
        _ => {}
    }
    names
}

/// A list of the codes with their meanings.
fn description(codes: &[Code]) -> String {
    let lines = codes.iter().map(|code| {
        let (name, detail) = (code.as_str(), code.detail());
        format!("- `{name}`: {}", detail.to(Lang::En))
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn references(names: &[&str]) -> Map<String, Value> {
    let references = names.iter().map(|name| {
        let reference = json!({ "$ref": format!("#/components/examples/{name}") });
        ((*name).to_owned(), reference)
    });
    references.collect()
}

/// The problem as an English reader gets it.
fn example(code: Code) -> Value {
    let occurrence = Occurrence {
        lang: Lang::En,
        instance: "/order-api/commandes",
        request_id: "0192f0c4-7b1a-7c3e-9d52-3f6a1b2c4d5e",
    };
    json!({
        "summary": code.title().to(Lang::En),
        "value": Problem::new(code, None, occurrence),
    })
}
