//! A line of text that a person typed: trimmed, bounded, visible, and readable in one direction.
//!
//! Names, addresses and comments are lines, and every free text of every service is one of these, so
//! this is the one rule for all. The bound keeps a client from growing the database.
//!
//! 1. Line breaks, which a form's text area sends, become `, `. A tab becomes a space.
//! 2. Other control characters are refused: they would break log lines, and PostgreSQL stores no
//!    NUL.
//! 3. A character that changes the direction of writing could show one name as another. It is
//!    refused and not dropped, so that a text is stored as it was sent.
//! 4. A line without a visible character is refused. Joiners (`U+200C`, `U+200D`) are allowed in
//!    others: Persian and emoji use them.

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
        let line = one_line(text, MAX);
        if line.chars().count() > MAX {
            return Err(Text::formatted(|say| (say.fields.too_long)(MAX)));
        }
        if line.chars().any(breaks_line) {
            return Err(Text::fixed(|say| say.fields.control_characters));
        }
        if line.chars().any(turns_direction) {
            return Err(Text::fixed(|say| say.fields.direction));
        }
        if line.chars().all(is_invisible) {
            return Err(Text::fixed(|say| say.fields.only_invisible));
        }
        Ok(Self(line))
    }
}

/// Joins the lines of a text. One that fits within `most` characters still does afterwards: if need
/// be, without the space after each comma.
fn one_line(text: &str, most: usize) -> String {
    let joined = join_lines(text, ", ");
    if joined.chars().count() <= most {
        return joined;
    }
    join_lines(text, ",")
}

fn join_lines(text: &str, separator: &str) -> String {
    let mut joined = String::with_capacity(text.len());
    let parts = text.split(ends_line).map(str::trim);
    for part in parts.filter(|part| !part.is_empty()) {
        if joined.ends_with([',', ';']) {
            joined.push(' ');
        } else if !joined.is_empty() {
            joined.push_str(separator);
        }
        joined.extend(part.chars().map(|c| if c == '\t' { ' ' } else { c }));
    }
    joined
}

/// What a person's text has between its lines, as Unicode lists it (UAX #14, class BK, and the
/// control characters of its rule LB5).
fn ends_line(c: char) -> bool {
    matches!(c, '\n'..='\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// The schema of a line. One that is an id has no line breaks to join.
pub(crate) fn schema(most: usize, takes_line_breaks: bool) -> Schema {
    // No character that is refused, and at least one that is visible.
    let refused = if takes_line_breaks {
        r"\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
    } else {
        r"\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069"
    };
    let unseen = r"\s\x85\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200d\u2028\u2029\u2060-\u206f\u2800\u3164";
    let unseen_beyond = r"\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb";
    let pattern = format!("^[^{refused}]*[^{refused}{unseen}{unseen_beyond}][^{refused}]*$");
    json_schema!({
        "type": "string",
        "minLength": 1,
        "maxLength": most,
        "pattern": pattern,
    })
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
        schema(MAX, true)
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
        for bad in [
            "", "   ", "\n\t\r\n", "abcdef", "a\u{0}b", "a\u{1b}b", "a\u{7f}b",
        ] {
            assert!(Line::<5>::from_text(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn the_lines_of_a_text_area_become_one() {
        for (typed, line) in [
            (
                "12 rue des Lilas\n75011 Paris",
                "12 rue des Lilas, 75011 Paris",
            ),
            (
                "12 rue des Lilas \r\n\r\n 75011 Paris\r\n",
                "12 rue des Lilas, 75011 Paris",
            ),
            (
                "12 rue des Lilas,\n75011 Paris",
                "12 rue des Lilas, 75011 Paris",
            ),
            (
                "a\rb\u{85}c\u{2028}d\u{2029}e\u{b}f\u{c}g",
                "a, b, c, d, e, f, g",
            ),
            ("Code\t42B;\nsonner", "Code 42B; sonner"),
        ] {
            assert_eq!(
                Line::<30>::from_text(typed).unwrap().as_str(),
                line,
                "{typed:?}"
            );
            // It is the same when it is read again.
            assert_eq!(Line::<30>::from_text(line).unwrap().as_str(), line);
        }
    }

    #[test]
    fn a_text_that_fits_still_fits_as_one_line() {
        assert_eq!(Line::<4>::from_text("a\nb").unwrap().as_str(), "a, b");
        assert_eq!(Line::<3>::from_text("a\nb").unwrap().as_str(), "a,b");
        assert!(Line::<2>::from_text("a\nb").is_err());
    }

    #[test]
    fn an_invisible_line_is_refused_with_the_reason() {
        for bad in [
            "\u{200b}",
            "\u{3164}\u{2800}",
            " \u{ad}\u{feff} ",
            "\u{200b}\u{200d}",
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
