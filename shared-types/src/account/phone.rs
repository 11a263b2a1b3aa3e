//! A telephone number as people write it: `06 12 34 56 78`, `+33 (0)6.12.34.56.78`.
//!
//! It is shown as it was written. Which numbers are the same is decided where numbers are compared.

use unicode_normalization::UnicodeNormalization as _;

use crate::field::visible::is_invisible;
use crate::field::{FromText, text_field};
use crate::schema::inline_schema;
use crate::text::Text;

/// 6 to 15 digits (ITU-T E.164 §6: 15 at most), with the usual separators.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phone(String);

impl Phone {
    /// The number as it was typed, with plain separators.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A number that was copied from a page or an address book may have spaces and hyphens that break
/// no line, digits of full width, and marks of direction around it. They become plain or go.
fn plain(text: &str) -> String {
    let plain = |c| match c {
        _ if char::is_whitespace(c) => Some(' '),
        '\u{2010}'..='\u{2015}' | '\u{2212}' => Some('-'),
        _ if is_invisible(c) && !c.is_control() => None,
        c => Some(c),
    };
    let plain: String = text.nfkc().filter_map(plain).collect();
    plain.trim().to_owned()
}

impl FromText for Phone {
    fn from_text(text: &str) -> Result<Self, Text> {
        let text = plain(text);
        let digits = text.chars().filter(char::is_ascii_digit).count();
        let rest = text.strip_prefix('+').unwrap_or(&text);
        let only_separators = rest
            .chars()
            .all(|c| c.is_ascii_digit() || " .-/()".contains(c));
        if (6..=15).contains(&digits) && only_separators && text.len() <= 32 {
            Ok(Self(text))
        } else {
            Err(Text::fixed(|say| say.accounts.phone))
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
    fn a_number_keeps_its_spelling() {
        for typed in [
            "06 12 34 56 78",
            "+33 (0)6.12.34.56.78",
            "0032/470-123456",
            "118 218",
        ] {
            let phone = Phone::from_text(&format!(" {typed} ")).unwrap();
            assert_eq!(phone.as_str(), typed);
        }
    }

    #[test]
    fn a_pasted_number_gets_plain_separators() {
        for (pasted, plain) in [
            ("06\u{a0}12\u{202f}34\u{2009}56\u{2007}78", "06 12 34 56 78"),
            (
                "06\u{2011}12\u{2010}34\u{2013}56\u{2212}78",
                "06-12-34-56-78",
            ),
            ("\u{202a}+33 6 12 34 56 78\u{202c}", "+33 6 12 34 56 78"),
            ("\u{200e}\u{feff}0612345678\u{200b}", "0612345678"),
            ("\u{2066}06\u{ad}12345678\u{2069}", "0612345678"),
            ("＋３３　６１２３４５６７８", "+33 612345678"),
            ("06\t12345678\n", "06 12345678"),
        ] {
            assert_eq!(
                Phone::from_text(pasted).unwrap().as_str(),
                plain,
                "{pasted:?}"
            );
        }
    }

    #[test]
    fn an_invalid_number_is_refused() {
        for bad in [
            "",
            "12345",
            "0612345678901234",
            "06 12 ab 56 78",
            "06+12345678",
            "06\u{0}12345678",
            "٠٦١٢٣٤٥٦٧٨",
        ] {
            assert!(Phone::from_text(bad).is_err(), "{bad}");
        }
    }
}
