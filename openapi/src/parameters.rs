//! The parameters of a request beside its body.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Value, json};

/// A parameter of the path, the query or the header.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    /// `path`, `query` or `header`.
    pub place: &'static str,
    pub name: &'static str,
    pub description: &'static str,
    pub schema: fn() -> Value,
}

/// Lets a request be repeated safely.
pub const IDEMPOTENCY_KEY: Parameter = Parameter {
    place: "header",
    name: "Idempotency-Key",
    description: "Anything unique, such as a UUID. The same body with the same key gets the answer of the first \
                  request for 24 h, and makes nothing new.",
    schema: || json!({ "type": "string", "pattern": "^[!-~]{1,255}$" }),
};

/// Changes only the version that the client has read.
pub const IF_MATCH: Parameter = Parameter {
    place: "header",
    name: "If-Match",
    description: "The `ETag` of the answer that the client has read: if it has changed since, nothing is changed and \
                  the answer is a 412. `*` or nothing for any version.",
    schema: || json!({ "type": "string", "pattern": "^(\\*|\"[!#-~]*\")$" }),
};

/// A segment that is passed on whatever it means: no slash, backslash or control character, and
/// nothing that begins like a step to another folder.
pub const SEGMENT: &str = r"[^./;\\\x00-\x1f\x7f-\x9f][^/\\\x00-\x1f\x7f-\x9f]*";

/// Adds the empty value, which forms send and which counts as absent.
#[must_use]
pub fn or_blank(schema: Value) -> Value {
    let blank = json!({ "type": "string", "maxLength": 0 });
    json!({ "anyOf": [schema, blank] })
}

/// The schema of a parameter that takes several values, and may be left empty. Repeated, as OpenAPI
/// writes an array by default; commas and `[]` are accepted, too.
#[must_use]
pub fn several(value: Value) -> Value {
    let blank = json!({ "type": "string", "maxLength": 0 });
    let values = json!({ "type": "array", "items": value.clone(), "maxItems": 50 });
    json!({ "anyOf": [value, values, blank] })
}

#[must_use]
pub fn schema_of<T: JsonSchema>() -> Value {
    let schema: Schema = T::json_schema(&mut SchemaGenerator::default());
    schema.into()
}

impl Parameter {
    pub(crate) fn to_value(self) -> Value {
        let mut value = json!({
            "name": self.name,
            "in": self.place,
            "description": self.description,
            "schema": (self.schema)(),
        });
        if let (true, Some(value)) = (self.place == "path", value.as_object_mut()) {
            value.insert("required".to_owned(), true.into());
        }
        value
    }
}

/// A parameter of a path that has no description: an id.
pub(crate) fn id(name: &str, example: Option<&str>) -> Value {
    let schema = json!({ "type": "string", "format": "uuid" });
    let mut id = json!({ "name": name, "in": "path", "required": true, "schema": schema });
    if let (Some(example), Some(id)) = (example, id.as_object_mut()) {
        id.insert("example".to_owned(), example.into());
    }
    id
}

/// The names between braces.
pub(crate) fn path_names(path: &str) -> impl Iterator<Item = &str> {
    let parts = path.split('{').skip(1);
    parts.filter_map(|part| Some(part.split_once('}')?.0))
}
