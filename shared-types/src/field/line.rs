//! A line of text that a person typed: trimmed, bounded, visible, and readable in one direction.
//!
//! Names, addresses and comments are lines. The bound keeps a client from growing the database.
//! Control characters are refused: they would break log lines, and PostgreSQL stores no NUL. A
//! character that changes the direction of writing could show one name as another; it is refused
//! and not dropped, so that a text is stored as it was sent. Joiners (`U+200C`, `U+200D`) are
//! allowed: Persian and emoji use them.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::FromText;
use super::visible::{breaks_line, is_invisible, turns_direction};
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

    /// An id is always a valid line: 36 plain characters.
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
            return Err(Text::fixed(|say| say.fields.empty));
        }
        if text.chars().count() > MAX {
            return Err(Text::formatted(|say| (say.fields.too_long)(MAX)));
        }
        if text.chars().any(breaks_line) {
            return Err(Text::fixed(|say| say.fields.control_characters));
        }
        if text.chars().any(turns_direction) {
            return Err(Text::fixed(|say| say.fields.direction));
        }
        if text.chars().all(is_invisible) {
            return Err(Text::fixed(|say| say.fields.only_invisible));
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
        // No character that breaks the line or changes its direction, and at least one that is
        // visible.
        let refused = r"\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069";
        let unseen = r"\s\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200d\u2060-\u206f\u2800\u3164";
        let unseen_beyond = r"\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb";
        let pattern = format!("^[^{refused}]*[^{refused}{unseen}{unseen_beyond}][^{refused}]*$");
        json_schema!({
            "type": "string",
            "minLength": 1,
            "maxLength": MAX,
            "pattern": pattern,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{FromText, Line};
    use crate::text::Lang;

    #[test]
    fn a_line_is_trimmed() {
        assert_eq!(Line::<5>::from_text("  Léa ").unwrap().as_str(), "Léa");
    }

    #[test]
    fn an_empty_a_long_or_a_broken_line_is_refused() {
        for bad in ["", "   ", "abcdef", "a\u{0}b", "a\nb", "a\u{2028}b"] {
            assert!(Line::<5>::from_text(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn an_invisible_line_is_refused_with_the_reason() {
        for bad in [
            "\u{200b}",
            "\u{3164}\u{2800}",
            " \u{ad}\u{feff} ",
            "\u{e0041}",
        ] {
            let refused = Line::<5>::from_text(bad).unwrap_err();
            assert!(refused.to(Lang::En).contains("invisible"), "{bad:?}");
            assert!(refused.to(Lang::Fr).contains("invisibles"), "{bad:?}");
        }
    }

    #[test]
    fn a_line_that_changes_its_direction_is_refused_with_the_reason() {
        for bad in ["a\u{202e}b", "\u{2066}a", "a\u{200f}", "\u{61c}a"] {
            let refused = Line::<5>::from_text(bad).unwrap_err();
            assert!(refused.to(Lang::En).contains("direction"), "{bad:?}");
            assert!(refused.to(Lang::Fr).contains("sens d'écriture"), "{bad:?}");
        }
    }

    #[test]
    fn names_of_every_script_are_taken_with_the_joiners_they_need() {
        for name in [
            "Zoë",
            "نور",
            "می\u{200c}خواهم",
            "שרה",
            "李雷",
            "👩\u{200d}🍳",
        ] {
            assert_eq!(Line::<20>::from_text(name).unwrap().as_str(), name);
        }
    }

    #[test]
    fn the_bound_counts_characters_not_bytes() {
        assert!(Line::<5>::from_text("ééééé").is_ok());
    }
}
