//! The problems that an operation can answer: one response for each status, shared by all
//! operations with the same codes.

use std::collections::{BTreeMap, BTreeSet};

use schemars::SchemaGenerator;
use serde_json::{Map, Value, json};
use shared_types::golden;
use shared_types::problem::{Code, MEDIA_TYPE, Occurrence, Problem};
use shared_types::text::Lang;

use crate::headers::{
    self, ALLOW, AUTHENTICATE, DRILL, RATE_LIMIT, RATE_LIMIT_POLICY, REQUEST_ID, RETRY_AFTER,
};
use crate::operation::{Body, Example, Side};
use crate::schemas::Schemas;

/// The key by which a response tells its codes to programs.
pub const CODES: &str = "x-codes";

/// The responses and examples that the operations share.
#[derive(Default)]
pub(crate) struct Problems {
    responses: BTreeMap<String, Value>,
    /// The codes of each status.
    codes: BTreeMap<u16, BTreeSet<&'static str>>,
}

/// The problems of a document, as components.
pub(crate) struct ProblemParts {
    pub(crate) responses: Map<String, Value>,
    pub(crate) examples: Map<String, Value>,
    pub(crate) schemas: Map<String, Value>,
}

impl Problems {
    /// References to the responses, by status.
    pub(crate) fn responses(&mut self, codes: &[Code]) -> Map<String, Value> {
        let mut by_status: BTreeMap<u16, Vec<Code>> = BTreeMap::new();
        // In the order of the table of codes.
        for code in Code::ALL.iter().filter(|code| codes.contains(code)) {
            by_status.entry(code.status()).or_default().push(*code);
        }
        let by_status = by_status.into_iter().map(|(status, codes)| {
            let name = self.response(status, &codes);
            let reference = json!({ "$ref": format!("#/components/responses/{name}") });
            (status.to_string(), reference)
        });
        by_status.collect()
    }

    fn response(&mut self, status: u16, codes: &[Code]) -> String {
        let names: Vec<_> = codes.iter().map(|code| code.as_str()).collect();
        let name = names.join(".");
        self.codes.entry(status).or_default().extend(&names);
        self.responses.entry(name.clone()).or_insert_with(|| {
            json!({
                "description": description(codes),
                CODES: names,
                "headers": headers::references(headers_of(status)),
                "content": { MEDIA_TYPE: {
                    "schema": { "$ref": format!("#/components/schemas/{}", schema_name(status)) },
                    "examples": references(&names),
                } },
            })
        });
        name
    }

    /// The header fields of the responses.
    pub(crate) fn headers(&self) -> impl Iterator<Item = &'static str> {
        self.codes.keys().flat_map(|status| headers_of(*status))
    }

    /// The responses, an example of each code, and a schema for each status.
    pub(crate) fn into_components(self, schemas: &mut Schemas) -> ProblemParts {
        let has = |code: &Code| {
            let codes = self.codes.get(&code.status());
            codes.is_some_and(|codes| codes.contains(code.as_str()))
        };
        let codes = Code::ALL.iter().filter(|code| has(code));
        let examples = codes.map(|code| (code.as_str().to_owned(), example(*code)));
        let examples = examples.collect();
        let by_status = self.codes.iter();
        let by_status = by_status
            .map(|(status, codes)| (schema_name(*status), schema(*status, codes, schemas)));
        ProblemParts {
            schemas: by_status.collect(),
            responses: self.responses.into_iter().collect(),
            examples,
        }
    }
}

fn schema_name(status: u16) -> String {
    format!("Problem{status}")
}

/// A problem of one status. It is no `allOf` of the general one, since not every generator of
/// clients understands that.
fn schema(status: u16, codes: &BTreeSet<&str>, schemas: &mut Schemas) -> Value {
    let mut schema = schemas.inline(&PROBLEM, Side::Response);
    // In the order of the table of codes.
    let codes = Code::ALL
        .iter()
        .map(|code| code.as_str())
        .filter(|code| codes.contains(code));
    let codes: Vec<_> = codes.collect();
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        properties.insert(
            "status".to_owned(),
            json!({ "type": "integer", "enum": [status] }),
        );
        // Only an order is refused because the restaurant is closed.
        if !codes.contains(&Code::RestaurantClosed.as_str()) {
            properties.remove("opensAt");
        }
        if !codes.contains(&Code::TotalExceeded.as_str()) {
            properties.remove("total");
        }
        // Only these tell of a limit that may be used again later.
        if ![429, 503].contains(&status) {
            properties.remove("limit");
        }
        for name in ["code", "error"] {
            properties.insert(name.to_owned(), json!({ "type": "string", "enum": codes }));
        }
    }
    schema
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
        405 => names.push(ALLOW),
        409 => names.push(RETRY_AFTER),
        429 => names.extend([RETRY_AFTER, RATE_LIMIT, RATE_LIMIT_POLICY]),
        503 => names.extend([RETRY_AFTER, DRILL]),
        _ => {}
    }
    names
}

/// A list of the codes with their meanings.
fn description(codes: &[Code]) -> String {
    let lines = codes.iter().map(|code| {
        let (name, detail) = (code.as_str(), code.detail(Lang::En));
        format!("- `{name}`: {detail}")
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
        "summary": code.title(Lang::En),
        "value": Problem::new(code, None, occurrence),
    })
}
