//! A telephone number as people write it: `06 12 34 56 78`, `+33 (0)6.12.34.56.78`.
//!
//! The restaurant is in France, so a national number (a 0 and nine digits) is a French one. A
//! number that is neither national nor international is compared by its digits.

use crate::field::{FromText, text_field};
use crate::schema::inline_schema;
use crate::text::Text;

/// 6 to 15 digits (ITU-T E.164 §6: 15 at most), with the usual separators.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phone(String);

impl Phone {
    /// The number as it was typed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Equal for all spellings of one number: `+33612345678` (ITU-T E.164 §6).
    #[must_use]
    pub fn key(&self) -> String {
        let digits: String = self.0.chars().filter(char::is_ascii_digit).collect();
        if self.0.starts_with('+') {
            return international(&digits);
        }
        if let Some(international_digits) = digits.strip_prefix("00") {
            return international(international_digits);
        }
        match digits.strip_prefix('0') {
            Some(national) if national.len() == NATIONAL_DIGITS => format!("{FRANCE}{national}"),
            _ => digits,
        }
    }

    /// Every key under which this number may be stored: its own, and those of earlier versions,
    /// which stored the digits as typed. Unused places repeat its own key.
    #[must_use]
    pub fn keys(&self) -> [String; 5] {
        let key = self.key();
        if let Some(national) = key.strip_prefix(FRANCE) {
            let older = ["0", "+330", "0033", "00330"].map(|prefix| format!("{prefix}{national}"));
            let [a, b, c, d] = older;
            return [key, a, b, c, d];
        }
        let older = match key.strip_prefix('+') {
            Some(digits) => format!("00{digits}"),
            None => key.clone(),
        };
        [key.clone(), older, key.clone(), key.clone(), key]
    }
}

const FRANCE: &str = "+33";

/// Without the leading 0.
const NATIONAL_DIGITS: usize = 9;

/// The 0 in `+33 (0)6…` is dialled within France only.
fn international(digits: &str) -> String {
    match digits.strip_prefix("330") {
        Some(national) if national.len() == NATIONAL_DIGITS => format!("{FRANCE}{national}"),
        _ => format!("+{digits}"),
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
    fn two_spellings_of_one_number_share_a_key() {
        let spaced = Phone::from_text("06 12 34 56 78").unwrap();
        let dotted = Phone::from_text("06.12.34.56.78").unwrap();
        assert_eq!(spaced.key(), dotted.key());
        assert_eq!(spaced.as_str(), "06 12 34 56 78");
    }

    #[test]
    fn a_french_number_has_one_key_whichever_way_it_is_dialled() {
        for typed in [
            "06 12 34 56 78",
            "+33 6 12 34 56 78",
            "+33 (0)6.12.34.56.78",
            "0033 6 12 34 56 78",
            "0033612345678",
        ] {
            let phone = Phone::from_text(typed).unwrap();
            assert_eq!(phone.key(), "+33612345678", "{typed}");
            assert_eq!(phone.as_str(), typed);
        }
    }

    #[test]
    fn numbers_of_other_countries_and_short_ones_stay_apart() {
        for (typed, key) in [
            ("+32 470 12 34 56", "+32470123456"),
            ("0032 470 12 34 56", "+32470123456"),
            ("+41 79 123 45 67", "+41791234567"),
            ("612345678", "612345678"),
            ("061234567", "061234567"),
            ("118 218", "118218"),
        ] {
            assert_eq!(Phone::from_text(typed).unwrap().key(), key, "{typed}");
        }
    }

    #[test]
    fn the_keys_include_those_of_earlier_versions() {
        // The key of earlier versions: the digits, with a leading `+` if there was one.
        let before = |typed: &str| -> String {
            let kept = |c: &char| c.is_ascii_digit() || *c == '+';
            typed.chars().filter(kept).collect()
        };
        let french = [
            "0612345678",
            "+33612345678",
            "+33(0)612345678",
            "0033612345678",
            "00330612345678",
        ];
        let belgian = ["+32470123456", "0032470123456"];
        for same in [&french[..], &belgian, &["118218"]] {
            for now in same {
                let keys = Phone::from_text(now).unwrap().keys();
                for then in same {
                    assert!(keys.contains(&before(then)), "{now} {then}: {keys:?}");
                }
            }
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
        ] {
            assert!(Phone::from_text(bad).is_err(), "{bad}");
        }
    }
}
