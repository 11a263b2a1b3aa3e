//! A telephone number as people write it: `06 12 34 56 78`, `+33 (0)6.12.34.56.78`.

use crate::field::{FromText, text_field};
use crate::schema::inline_schema;
use crate::text::Text;

/// 6 to 15 digits (ITU-T E.164 §6: 15 at most), with the usual separators.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phone(String);

impl Phone {
    /// As it was typed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What makes two numbers the same: the digits, and the `+` before them.
    #[must_use]
    pub fn key(&self) -> String {
        self.0
            .chars()
            .filter(|c| c.is_ascii_digit() || *c == '+')
            .collect()
    }
}

impl FromText for Phone {
    fn from_text(text: &str) -> Result<Self, Text> {
        let text = text.trim();
        let digits = text.chars().filter(char::is_ascii_digit).count();
        let rest = text.strip_prefix('+').unwrap_or(text);
        let only_separators = rest
            .chars()
            .all(|c| c.is_ascii_digit() || " .-/()".contains(c));
        if (6..=15).contains(&digits) && only_separators && text.len() <= 32 {
            Ok(Self(text.to_owned()))
        } else {
            Err(Text::new(
                "numéro de téléphone invalide",
                "not a valid telephone number",
            ))
        }
    }
}

text_field!(Phone);

inline_schema!(Phone, "Phone", {
    "type": "string",
    "description": "6 to 15 digits, with the usual separators.",
    "minLength": 6,
    "maxLength": 32,
    "pattern": r"^\+?[ .\-/()]*(?:[0-9][ .\-/()]*){6,15}$",
});

#[cfg(test)]
mod tests {
    use super::{FromText, Phone};

    #[test]
    fn two_spellings_of_one_number_share_a_key() {
        let spaced = Phone::from_text("06 12 34 56 78").unwrap();
        let dotted = Phone::from_text("06.12.34.56.78").unwrap();
        assert_eq!(spaced.key(), dotted.key());
        assert_eq!(spaced.as_str(), "06 12 34 56 78");
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for bad in [
            "",
            "12345",
            "0612345678901234",
            "06 12 ab 56 78",
            "06+12345678",
        ] {
            assert!(Phone::from_text(bad).is_err(), "{bad}");
        }
    }
}
