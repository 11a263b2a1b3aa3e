//! A line of text typed by a person: trimmed, not empty, bounded, without control characters.
//!
//! Names, addresses and comments all are this. The bound keeps a client from growing the database, and the
//! refusal of control characters keeps log lines whole and NUL out of PostgreSQL.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::FromText;
use crate::text::Text;

/// Between 1 and `MAX` characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Line<const MAX: usize>(String);

impl<const MAX: usize> Line<MAX> {
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }

    /// An id is a line by itself: 36 plain characters.
    pub(crate) fn of_id(id: crate::id::OrderId) -> Self {
        const { assert!(MAX >= 36) };
        Self(id.to_string())
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> FromText for Line<MAX> {
    fn from_text(text: &str) -> Result<Self, Text> {
        let text = text.trim();
        if text.is_empty() {
            return Err(Text::new("ne peut être vide", "must not be empty"));
        }
        if text.chars().count() > MAX {
            return Err(Text::formatted(
                format!("{MAX} caractères au plus"),
                format!("at most {MAX} characters"),
            ));
        }
        if text.chars().any(char::is_control) {
            return Err(Text::new(
                "caractères de contrôle interdits",
                "control characters are not allowed",
            ));
        }
        Ok(Self(text.to_owned()))
    }
}

impl<const MAX: usize> fmt::Display for Line<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<const MAX: usize> deserr::Deserr<super::FieldErrors> for Line<MAX> {
    fn deserialize_from_value<V: deserr::IntoValue>(
        value: deserr::Value<V>,
        location: deserr::ValuePointerRef<'_>,
    ) -> Result<Self, super::FieldErrors> {
        super::deserialize_text(value, location)
    }
}

impl<const MAX: usize> JsonSchema for Line<MAX> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Line{MAX}").into()
    }

    fn json_schema(_generator: &mut SchemaGenerator) -> Schema {
        // Not blank, and nothing of Unicode's category Cc.
        json_schema!({
            "type": "string",
            "minLength": 1,
            "maxLength": MAX,
            "pattern": r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{FromText, Line};

    #[test]
    fn a_line_is_trimmed() {
        assert_eq!(Line::<5>::from_text("  Léa ").unwrap().as_str(), "Léa");
    }

    #[test]
    fn an_empty_a_long_or_a_broken_line_is_refused() {
        for bad in ["", "   ", "abcdef", "a\u{0}b", "a\nb"] {
            assert!(Line::<5>::from_text(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn the_bound_counts_characters_not_bytes() {
        assert!(Line::<5>::from_text("ééééé").is_ok());
    }
}
