//! Which telephone numbers are the same: those with one international form (ITU-T E.164 §6).
//!
//! The numbering plans come from phonelib, which knows how each country writes a number at home and
//! abroad. One thing is added. The French overseas departments share the plan of France, but have
//! country codes of their own: `0692…` is dialled in both, and is `+262 692…` abroad.
//!
//! No number is refused here. One that is in no plan, such as a short one, is known by its digits.

use std::str::FromStr;

use phonelib::{PhoneNumber, country_by_code};
use shared_types::account::Phone;

/// `PHONE_REGION`: the country of a number that is written without its country code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region(&'static str);

/// Every key under which a number may be stored.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Keys {
    /// Its E.164 form, or its digits if it has none.
    pub(crate) own: String,
    /// The keys that earlier versions gave to its spellings.
    pub(crate) older: Vec<String>,
}

impl Region {
    pub const FRANCE: Self = Self("FR");

    pub(crate) fn keys(self, phone: &Phone) -> Keys {
        let typed = phone.as_str();
        let before = key_before(typed);
        let Some(number) = Number::parse(typed, self) else {
            let older = before.strip_prefix('+').map(|digits| format!("00{digits}"));
            return Keys {
                own: before,
                older: older.into_iter().collect(),
            };
        };
        let own = number.e164();
        let mut older = number.older_keys(self);
        older.push(before);
        older.push(typed.chars().filter(is_kept).collect());
        older.retain(|key| *key != own);
        older.sort_unstable();
        older.dedup();
        Keys { own, older }
    }

    /// The country whose plan numbers are written in.
    fn plan(self) -> &'static str {
        match self.0 {
            "GP" | "BL" | "MF" | "MQ" | "GF" | "RE" | "YT" => "FR",
            country => country,
        }
    }
}

impl FromStr for Region {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match country_by_code(text) {
            // Not the world's numbers, whose code is 001.
            Some(country) if country.code == text && text.len() == 2 => Ok(Self(country.code)),
            _ => Err("expected the two letters of a country, such as FR"),
        }
    }
}

/// A number of a plan.
#[derive(Debug, PartialEq, Eq)]
struct Number {
    /// The country code, without `+`.
    code: String,
    /// The digits after it.
    national: String,
}

impl Number {
    fn parse(text: &str, region: Region) -> Option<Self> {
        let parsed = PhoneNumber::parse_with_country(text, region.plan())?;
        let national = parsed.national_number().to_owned();
        let code = match overseas(&national) {
            Some(code) if parsed.country_code() == FRANCE => code.to_owned(),
            _ => parsed.country_code().to_string(),
        };
        Some(Self { code, national })
    }

    fn e164(&self) -> String {
        format!("+{}{}", self.code, self.national)
    }

    /// Earlier versions stored the digits as typed, with or without a `+`, and later the
    /// international form of French numbers only.
    fn older_keys(&self, region: Region) -> Vec<String> {
        let national = &self.national;
        let mut codes = vec![self.code.clone()];
        if overseas(national) == Some(&self.code) {
            codes.push(FRANCE.to_string());
        }
        let mut keys = Vec::new();
        for code in codes {
            // The 0 of `+33 (0)6…` is dialled within the country only.
            for trunk in ["", "0"] {
                let digits = format!("{code}{trunk}{national}");
                keys.extend([format!("+{digits}"), format!("00{digits}"), digits]);
            }
        }
        // Without a country code, the same digits may be another number in another country.
        let at_home = [format!("0{national}"), national.clone()];
        keys.extend(
            at_home
                .into_iter()
                .filter(|digits| Self::parse(digits, region).is_some_and(|number| number == *self)),
        );
        keys
    }
}

const FRANCE: u32 = 33;

/// The country code of a number in the French plan, if it is one of an overseas department.
fn overseas(national: &str) -> Option<&'static str> {
    if national.len() != 9 {
        return None;
    }
    match national.get(..3)? {
        "590" | "690" | "691" => Some("590"), // Guadeloupe, Saint-Barthélemy, Saint-Martin
        "594" | "694" => Some("594"),         // French Guiana
        "596" | "696" | "697" => Some("596"), // Martinique
        "262" | "263" | "692" | "693" | "269" => Some("262"), // Réunion, Mayotte
        // 06 39 98 is reserved for fiction in France.
        "639" if !national.starts_with("63998") => Some("262"), // Mayotte
        _ => None,
    }
}

/// The key of the version before this one.
fn key_before(typed: &str) -> String {
    let digits: String = typed.chars().filter(char::is_ascii_digit).collect();
    let international = |digits: &str| match digits.strip_prefix("330") {
        Some(national) if national.len() == 9 => format!("+33{national}"),
        _ => format!("+{digits}"),
    };
    if typed.starts_with('+') {
        return international(&digits);
    }
    if let Some(digits) = digits.strip_prefix("00") {
        return international(digits);
    }
    match digits.strip_prefix('0') {
        Some(national) if national.len() == 9 => format!("+33{national}"),
        _ => digits,
    }
}

fn is_kept(c: &char) -> bool {
    c.is_ascii_digit() || *c == '+'
}

#[cfg(test)]
mod tests {
    use shared_types::account::Phone;
    use shared_types::field::FromText as _;

    use super::{Keys, Region, is_kept, key_before};

    fn keys_in(region: &str, typed: &str) -> Keys {
        let region: Region = region.parse().unwrap();
        region.keys(&Phone::from_text(typed).unwrap())
    }

    fn key(typed: &str) -> String {
        keys_in("FR", typed).own
    }

    /// Every spelling of a number, by its key.
    const SAME: &[(&str, &[&str])] = &[
        (
            "+33612345678",
            &[
                "06 12 34 56 78",
                "0612345678",
                "+33 6 12 34 56 78",
                "+33 (0)6.12.34.56.78",
                "0033 6 12 34 56 78",
                "00330612345678",
                "(06) 12-34-56-78",
                "6 12 34 56 78",
                "33 6 12 34 56 78",
                "06\u{a0}12\u{202f}34\u{2011}56\u{2011}78",
                "\u{202a}+33 6 12 34 56 78\u{202c}",
            ],
        ),
        ("+33639981234", &["06 39 98 12 34", "+33 6 39 98 12 34"]),
        (
            "+590590123456",
            &[
                "0590 12 34 56",
                "+590 590 12 34 56",
                "00 590 590 12 34 56",
                "+590 (0)590 12 34 56",
                "+33 590 12 34 56",
            ],
        ),
        ("+594694201234", &["0694 20 12 34", "+594 694 20 12 34"]),
        ("+596596301234", &["0596 30 12 34", "+596 596 30 12 34"]),
        ("+262692123456", &["0692 12 34 56", "+262 (0)692 12 34 56"]),
        ("+262639012345", &["0639 01 23 45", "+262 639 01 23 45"]),
        (
            "+32470123456",
            &["+32 470 12 34 56", "0032 (0)470 12 34 56"],
        ),
        (
            "+442079460958",
            &["+44 (0)20 7946 0958", "0044 20 7946 0958"],
        ),
        // The 0 is part of an Italian number.
        ("+390212345678", &["+39 02 1234 5678"]),
        ("+2250712345678", &["+225 07 12 34 56 78"]),
        ("+16135550123", &["+1 (613) 555-0123"]),
        ("+68987123456", &["+689 87 12 34 56"]),
    ];

    #[test]
    fn every_spelling_of_a_number_has_its_e_164_form_as_key() {
        for (expected, spellings) in SAME {
            for typed in *spellings {
                assert_eq!(key(typed), *expected, "{typed}");
            }
        }
    }

    #[test]
    fn a_number_is_found_under_the_keys_of_earlier_versions() {
        for (_, spellings) in SAME {
            for now in *spellings {
                let Keys { own, older } = keys_in("FR", now);
                for then in *spellings {
                    let then = Phone::from_text(then).unwrap();
                    let as_typed: String = then.as_str().chars().filter(is_kept).collect();
                    for before in [as_typed, key_before(then.as_str())] {
                        assert!(
                            before == own || older.contains(&before),
                            "{now} {before}: {older:?}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn a_number_is_not_found_under_the_key_of_another() {
        let [belgian, french] =
            ["+32 470 12 34 56", "04 70 12 34 56"].map(|typed| keys_in("FR", typed));
        assert!(french.older.contains(&"0470123456".to_owned()));
        assert!(!belgian.older.contains(&"0470123456".to_owned()));
    }

    #[test]
    fn a_number_of_no_plan_is_known_by_its_digits() {
        for (typed, expected) in [
            ("118 218", "118218"),
            ("061234567", "061234567"),
            ("+999 123 456", "+999123456"),
            ("00 999 123 456", "+999123456"),
        ] {
            assert_eq!(key(typed), expected, "{typed}");
        }
        let older = keys_in("FR", "+999 123 456").older;
        assert_eq!(older, ["00999123456"]);
    }

    #[test]
    fn the_region_decides_about_numbers_without_a_country_code_only() {
        for (region, typed, expected) in [
            ("BE", "0470 12 34 56", "+32470123456"),
            ("BE", "+33 6 12 34 56 78", "+33612345678"),
            ("US", "(613) 555-0123", "+16135550123"),
            ("US", "011 33 6 12 34 56 78", "+33612345678"),
            ("IT", "02 1234 5678", "+390212345678"),
            // One plan for France and its departments.
            ("RE", "0692 12 34 56", "+262692123456"),
            ("RE", "06 12 34 56 78", "+33612345678"),
            ("GP", "0590 12 34 56", "+590590123456"),
        ] {
            assert_eq!(keys_in(region, typed).own, expected, "{region} {typed}");
        }
    }

    #[test]
    fn a_region_is_the_two_letters_of_a_country() {
        assert_eq!("FR".parse(), Ok(Region::FRANCE));
        for bad in ["", "fr", "FRA", "ZZ", "33", "001"] {
            assert!(bad.parse::<Region>().is_err(), "{bad}");
        }
    }
}
