//! The schemas of the bodies, derived from the types that are parsed and written.

use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value};

use super::operation::{Body, Side};

/// Requests and answers differ in which fields may be missing, so each side has its own generator.
pub(crate) struct Schemas {
    requests: SchemaGenerator,
    answers: SchemaGenerator,
}

impl Default for Schemas {
    fn default() -> Self {
        let mut settings = SchemaSettings::draft2020_12();
        settings.definitions_path = "/components/schemas".into();
        // A part of the document uses the default dialect of OpenAPI 3.1.
        settings.meta_schema = None;
        Self {
            requests: settings.clone().for_deserialize().into_generator(),
            answers: settings.for_serialize().into_generator(),
        }
    }
}

impl Schemas {
    pub(crate) fn of(&mut self, body: &Body, side: Side) -> Schema {
        let generator = match side {
            Side::Request => &mut self.requests,
            Side::Response => &mut self.answers,
        };
        (body.schema)(generator)
    }

    /// The schema of a body itself, even if it has a name.
    pub(crate) fn inline(&mut self, body: &Body, side: Side) -> Value {
        let schema: Value = self.of(body, side).into();
        let name = schema.get("$ref").and_then(Value::as_str);
        let name = name.and_then(|reference| reference.rsplit('/').next());
        let definitions = match side {
            Side::Request => self.requests.definitions(),
            Side::Response => self.answers.definitions(),
        };
        let named = name.and_then(|name| definitions.get(name)).cloned();
        named.unwrap_or(schema)
    }

    /// The referenced schemas, by name. Schemas of both sides are equal: values without optional
    /// fields.
    pub(crate) fn into_components(mut self) -> Map<String, Value> {
        let mut all = self.requests.take_definitions(true);
        all.extend(self.answers.take_definitions(true));
        all.sort_keys();
        all
    }
}
