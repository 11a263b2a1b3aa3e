//! The parameters of a request beside its body.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Value, json};
use shared_types::id::{ClientId, CourierId, OrderRef};
use shared_types::menu::Category;
use shared_types::order::OrderStatus;
use shared_types::problem::Code;

use crate::operator::docs;

/// A parameter of the query or the header.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parameter {
    place: &'static str,
    name: &'static str,
    description: &'static str,
    schema: fn() -> Value,
}

/// Lets a request be repeated safely.
pub(super) const IDEMPOTENCY_KEY: Parameter = Parameter {
    place: "header",
    name: "Idempotency-Key",
    description: "Anything unique, such as a UUID. The same body with the same key is answered for 24 h as it was the \
                  first time, and makes nothing new.",
    schema: || json!({ "type": "string", "pattern": "^[!-~]{1,255}$" }),
};

pub(super) const CATEGORY: Parameter = Parameter {
    place: "query",
    name: "categorie",
    description: "The whole menu where it is left out. A category that nobody knows has no dishes.",
    schema: || json!({ "type": "string", "examples": Category::ALL }),
};

pub(super) const CLIENT: Parameter = Parameter {
    place: "query",
    name: "clientId",
    description: "The orders of this client alone.",
    schema: || or_blank(schema_of::<ClientId>()),
};

pub(super) const STATUS: Parameter = Parameter {
    place: "query",
    name: "status",
    description: "The orders with this status alone.",
    schema: || or_blank(json!({ "type": "string", "enum": OrderStatus::ALL })),
};

pub(super) const LIMIT: Parameter = Parameter {
    place: "query",
    name: "limit",
    description: "So many orders are a page. Where it is left out, every open order is answered, and the newest 1,000 \
                  that have ended.",
    schema: || or_blank(json!({ "type": "integer", "minimum": 1, "maximum": 200 })),
};

pub(super) const CURSOR: Parameter = Parameter {
    place: "query",
    name: "cursor",
    description: "Where the page begins: the `X-Next-Cursor` of the one before it.",
    schema: || json!({ "type": "string" }),
};

pub(super) const SORT: Parameter = Parameter {
    place: "query",
    name: "sort",
    description: "`oldest` for pages that begin with the oldest orders; it needs a `limit`.",
    schema: || or_blank(json!({ "type": "string", "enum": ["newest", "oldest"] })),
};

pub(super) const COURIER: Parameter = Parameter {
    place: "query",
    name: "livreurId",
    description: "The deliveries of this courier, and those that anyone may take.",
    schema: || or_blank(schema_of::<CourierId>()),
};

pub(super) const ORDER: Parameter = Parameter {
    place: "query",
    name: "commandeId",
    description: "The deliveries of this order alone.",
    schema: || or_blank(schema_of::<OrderRef>()),
};

/// Adds the empty value, which forms send and which counts as absent.
fn or_blank(schema: Value) -> Value {
    json!({ "anyOf": [schema, { "const": "" }] })
}

fn schema_of<T: JsonSchema>() -> Value {
    let schema: Schema = T::json_schema(&mut SchemaGenerator::default());
    schema.into()
}

impl Parameter {
    pub(super) fn to_value(self) -> Value {
        json!({
            "name": self.name,
            "in": self.place,
            "description": self.description,
            "schema": (self.schema)(),
        })
    }
}

/// A segment that is passed on whatever it means: no slash, backslash or control character, and
/// nothing that begins like a step to another folder.
const SEGMENT: &str = r"[^./;\\\x00-\x1f\x7f-\x9f][^/\\\x00-\x1f\x7f-\x9f]*";

/// A parameter of a path. The form of an id is known only for the restaurant's own routes.
pub(super) fn of_path(path: &str, name: &str, is_known: bool) -> Value {
    let schema = match (path, name) {
        ("/problems/{code}", _) => {
            let pages = Code::ALL.iter().map(|code| code.page());
            json!({ "type": "string", "enum": pages.collect::<Vec<_>>() })
        }
        ("/docs/{file}", _) => json!({ "type": "string", "enum": docs::file_names() }),
        (_, "id") if is_known => json!({ "type": "string", "format": "uuid" }),
        (_, name) if name.starts_with('*') => {
            let pattern = format!("^{SEGMENT}(/{SEGMENT})*$");
            json!({ "type": "string", "pattern": pattern })
        }
        (_, _) => json!({ "type": "string", "pattern": format!("^{SEGMENT}$") }),
    };
    // OpenAPI has no notation for several segments.
    let name = name.trim_start_matches('*');
    json!({ "name": name, "in": "path", "required": true, "schema": schema })
}
