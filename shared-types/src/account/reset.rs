//! The token of a message about a new password: never printed, never serialised.

use std::fmt;

use crate::field::{FromText, text_field};
use crate::schema::inline_schema;
use crate::text::Text;

/// More than any token has; a longer text is none.
const MAX_CHARS: usize = 200;

/// Any text: one that is no token is answered like one that has expired.
#[derive(Clone)]
pub struct ResetToken(String);

impl ResetToken {
    /// The secret itself, for the hash function only.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl FromText for ResetToken {
    fn from_text(text: &str) -> Result<Self, Text> {
        let text = text.trim();
        if text.is_empty() {
            return Err(Text::fixed(|say| say.fields.empty));
        }
        if text.chars().count() > MAX_CHARS {
            return Err(Text::formatted(|say| (say.fields.too_long)(MAX_CHARS)));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Debug for ResetToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResetToken(…)")
    }
}

text_field!(ResetToken);

inline_schema!(ResetToken, "ResetToken", {
    "type": "string", "maxLength": MAX_CHARS, "pattern": r"\S",
});

#[cfg(test)]
mod tests {
    use super::{FromText as _, ResetToken};

    #[test]
    fn a_token_is_never_printed() {
        let token = ResetToken::from_text(" abc ").unwrap();
        assert_eq!(token.expose(), "abc");
        assert_eq!(format!("{token:?}"), "ResetToken(…)");
        for bad in ["", " ", &"x".repeat(201)] {
            assert!(ResetToken::from_text(bad).is_err());
        }
    }
}
