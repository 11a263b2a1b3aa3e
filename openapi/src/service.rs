//! The document that a service publishes of its own routes.

use serde_json::{Map, Value, json};
use shared_types::problem::Code;

use crate::operation::{Operation, Tag, Token};
use crate::parts::{Parts, SCHEME};

/// The codes that any request to a service may get.
const ALWAYS: &[Code] = &[
    Code::BadRequest,
    Code::RequestTimeout,
    Code::InternalError,
    Code::ServiceUnavailable,
];

/// The rules that hold for every service of the workspace.
const CONVENTIONS: &str = "\
Ids are UUID strings, times RFC 3339 in UTC, prices numbers in euros. A status, a role or a category is taken whatever \
its case and accents (`prête`); an unknown field is ignored. Every error is a problem (RFC 9457), in French, or in \
English where `Accept-Language` prefers it.";

/// A service, as its document describes it.
#[derive(Clone, Copy, Debug)]
pub struct Service {
    pub title: &'static str,
    pub description: &'static str,
    pub tags: &'static [Tag],
    pub operations: &'static [Operation],
}

impl Service {
    /// The document while access is open, as published: a token may be sent where strict access
    /// would need one.
    #[must_use]
    pub fn document(&self) -> Value {
        self.describe(Parts::default())
    }

    /// The document while access is strict.
    #[must_use]
    pub fn strict_document(&self) -> Value {
        self.describe(Parts::strict())
    }

    fn describe(&self, mut parts: Parts) -> Value {
        let mut paths: Map<String, Value> = Map::new();
        for operation in self.operations {
            let described = parts.operation(operation, ALWAYS, &[]);
            let path = paths.entry(operation.path).or_insert_with(|| json!({}));
            if let Some(methods) = path.as_object_mut() {
                methods.insert(operation.method.to_ascii_lowercase(), described);
            }
        }
        let mut components = parts.into_components();
        if self
            .operations
            .iter()
            .any(|operation| operation.token != Token::Unused)
        {
            components.insert("securitySchemes".to_owned(), security_schemes());
        }
        let tags = self.tags.iter();
        let tags = tags.map(|tag| json!({ "name": tag.name, "description": tag.description }));
        json!({
            "openapi": "3.1.0",
            "info": {
                "title": self.title,
                "version": env!("CARGO_PKG_VERSION"),
                "description": format!("{} {CONVENTIONS}", self.description),
                "license": { "name": "MIT", "identifier": "MIT" },
            },
            "servers": [{ "url": "/" }],
            "tags": tags.collect::<Vec<_>>(),
            "paths": paths,
            "components": components,
        })
    }
}

fn security_schemes() -> Value {
    json!({ SCHEME: {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "The `access_token` of a login.",
    } })
}
