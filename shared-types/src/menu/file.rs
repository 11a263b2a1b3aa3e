//! The schemas of a menu that is imported. The order service reads it by hand, since each till and
//! each platform writes it in its own way; this describes what is common.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::{Description, Name};
use crate::field::Optional;

/// A menu as JSON.
#[derive(Debug)]
pub struct MenuFile;

/// A menu as CSV.
#[derive(Debug)]
pub struct Spreadsheet;

impl JsonSchema for MenuFile {
    fn schema_name() -> Cow<'static, str> {
        "MenuFile".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let dish = json_schema!({
            "type": "object",
            "required": ["nom", "prix", "categorie"],
            "properties": {
                "nom": generator.subschema_for::<Name>(),
                "prix": { "anyOf": [
                    { "type": "number", "minimum": 0, "maximum": 1_000_000 },
                    { "type": "string", "pattern": "[0-9]" },
                ] },
                "categorie": { "type": "string", "pattern": r"\S" },
                "description": generator.subschema_for::<Optional<Description>>(),
                "disponible": { "anyOf": [
                    { "type": "boolean" },
                    { "type": "integer", "enum": [0, 1] },
                    { "type": "string", "pattern": r"\S" },
                    { "type": "null" },
                ] },
                "allergenes": { "anyOf": [
                    { "type": "array", "items": { "type": "string", "pattern": r"\S" } },
                    { "type": "string", "pattern": r"\S" },
                    { "type": "null" },
                ] },
            },
        });
        json_schema!({
            "description": "A list of dishes, lists of dishes by category, or categories as objects.",
            "anyOf": [
                { "type": "array", "minItems": 1, "items": dish },
                { "type": "object", "minProperties": 1 },
            ],
        })
    }
}

impl JsonSchema for Spreadsheet {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Spreadsheet".into()
    }

    fn json_schema(_generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "A line of titles, then a line for each dish.",
            "pattern": r"\S",
        })
    }
}
