//! An e-mail address: `local@domain.tld` by RFC 5321's grammar, at most 254 octets (RFC 5321
//! §4.5.3.1.3).

use email_address::{EmailAddress, Options};
use unicode_normalization::UnicodeNormalization as _;

use crate::field::visible::is_invisible;
use crate::field::{FromText, text_field};
use crate::schema::inline_schema;
use crate::text::Text;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email(String);

impl Email {
    /// The address as it was typed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Equal for two spellings of one address, which differ in case or in the composition of their
    /// characters only: an `é` may be one character or two.
    #[must_use]
    pub fn key(&self) -> String {
        Self::key_of(&self.0)
    }

    /// The key of a text, which need not be a valid address.
    #[must_use]
    pub fn key_of(text: &str) -> String {
        let composed: String = text.trim().nfc().collect();
        composed.to_lowercase().nfc().collect()
    }

    /// Every key under which an address may be stored. Earlier versions stored the characters as
    /// they were typed, so the key of this text as typed comes first, its own second, and the one
    /// of decomposed characters last. The three are equal for an address in ASCII.
    #[must_use]
    pub fn keys_of(text: &str) -> [String; 3] {
        let text = text.trim();
        let decomposed: String = text.nfd().collect();
        [
            text.to_lowercase(),
            Self::key_of(text),
            decomposed.to_lowercase(),
        ]
    }
}

impl FromText for Email {
    fn from_text(text: &str) -> Result<Self, Text> {
        let text = text.trim();
        let options = Options::default()
            .with_required_tld()
            .without_display_text()
            .without_domain_literal();
        // The grammar allows any character beyond ASCII. An invisible one would make two addresses
        // look the same.
        let plain = text.len() <= 254 && !text.chars().any(is_invisible);
        // In a domain it takes letters, and not the accent that follows one.
        let composed: String = text.nfc().collect();
        if plain && EmailAddress::parse_with_options(&composed, options).is_ok() {
            Ok(Self(text.to_owned()))
        } else {
            Err(Text::fixed(|say| say.accounts.email))
        }
    }
}

text_field!(Email);

inline_schema!(Email, "Email", { "type": "string", "format": "email", "maxLength": 254 });

#[cfg(test)]
mod tests {
    use super::{Email, FromText};

    #[test]
    fn an_address_keeps_its_spelling_and_is_known_by_its_lower_case() {
        let email = Email::from_text(" Lea@Example.com ").unwrap();
        assert_eq!(email.as_str(), "Lea@Example.com");
        assert_eq!(email.key(), "lea@example.com");
    }

    #[test]
    fn an_address_is_one_however_its_characters_are_composed() {
        let [composed, decomposed] = [
            "Zoé@Société.example",
            "Zoe\u{301}@Socie\u{301}te\u{301}.example",
        ];
        for typed in [composed, decomposed, &decomposed.to_uppercase()] {
            let email = Email::from_text(typed).unwrap();
            assert_eq!(email.as_str(), typed);
            assert_eq!(email.key(), "zoé@société.example");
            // The keys of earlier versions.
            let keys = Email::keys_of(typed);
            assert_eq!(keys[0], typed.to_lowercase());
            for before in [composed, decomposed] {
                assert!(keys.contains(&before.to_lowercase()), "{typed} {keys:?}");
            }
        }
    }

    #[test]
    fn an_invalid_address_is_refused() {
        let long = format!("{}@example.com", "a".repeat(250));
        for bad in [
            "",
            "lea",
            "lea@",
            "@example.com",
            "lea@localhost",
            "a b@example.com",
            "Lea <lea@example.com>",
            "lea@[127.0.0.1]",
            &long,
            "lea\u{200b}@example.com",
            "\u{202e}lea@example.com",
        ] {
            assert!(Email::from_text(bad).is_err(), "{bad}");
        }
    }
}
