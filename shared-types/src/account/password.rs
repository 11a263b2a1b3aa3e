//! Passwords to hash or check: never printed, never serialised.
//!
//! One password can arrive as different characters: an `é` is one character from most keyboards and
//! two from some, and a space may be a no-break space. So it is prepared as an OpaqueString (RFC
//! 8265 §4.2.2): any space is a plain one, and the text is in Unicode's normalization form C. Unlike
//! that profile, no character is refused: every password that was accepted once is still accepted.

use std::fmt;

use icu_properties::CodePointMapData;
use icu_properties::props::GeneralCategory;
use unicode_normalization::UnicodeNormalization as _;

use crate::field::{FromText, text_field};
use crate::schema::inline_schema;
use crate::text::Text;

/// Keeps a client from making the hash arbitrarily expensive.
const MAX_CHARS: usize = 1024;

fn prepared(text: &str) -> String {
    let category = CodePointMapData::<GeneralCategory>::new();
    let plain = |c| match category.get(c) {
        GeneralCategory::SpaceSeparator => ' ',
        _ => c,
    };
    text.chars().map(plain).nfc().collect()
}

/// 6 to 1,024 characters, prepared.
#[derive(Clone)]
pub struct Password(String);

impl Password {
    /// The secret itself, for the hash function only.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// The password of a login. One that is too short to be valid is simply wrong.
#[derive(Clone)]
pub struct PasswordAttempt {
    prepared: String,
    /// As it was typed, if that is something else.
    typed: Option<String>,
}

impl PasswordAttempt {
    /// The secret as it may have been hashed, for the hash function only: prepared, and as it was
    /// typed, since earlier versions hashed that.
    pub fn expose(&self) -> impl Iterator<Item = &str> {
        [Some(&self.prepared), self.typed.as_ref()]
            .into_iter()
            .flatten()
            .map(String::as_str)
    }
}

impl FromText for PasswordAttempt {
    fn from_text(text: &str) -> Result<Self, Text> {
        if text.chars().count() <= MAX_CHARS {
            let prepared = prepared(text);
            let typed = (prepared != text).then(|| text.to_owned());
            Ok(Self { prepared, typed })
        } else {
            Err(Text::formatted(|say| (say.fields.too_long)(MAX_CHARS)))
        }
    }
}

impl FromText for Password {
    fn from_text(text: &str) -> Result<Self, Text> {
        let prepared = prepared(text);
        if prepared.chars().count() >= 6 && text.chars().count() <= MAX_CHARS {
            Ok(Self(prepared))
        } else {
            Err(Text::formatted(|say| {
                (say.accounts.password_length)(6, MAX_CHARS)
            }))
        }
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

impl fmt::Debug for PasswordAttempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordAttempt(…)")
    }
}

text_field!(Password);
text_field!(PasswordAttempt);

inline_schema!(Password, "Password", {
    "type": "string", "format": "password", "minLength": 6, "maxLength": MAX_CHARS
});
inline_schema!(PasswordAttempt, "PasswordAttempt", {
    "type": "string", "format": "password", "maxLength": MAX_CHARS
});

#[cfg(test)]
mod tests {
    use super::{FromText, Password, PasswordAttempt};

    #[test]
    fn a_password_is_never_printed() {
        let password = Password::from_text("s3cret!").unwrap();
        let attempt = PasswordAttempt::from_text("s3cret!").unwrap();
        assert!(!format!("{password:?} {attempt:?}").contains("s3cret"));
    }

    #[test]
    fn a_password_is_the_same_from_every_keyboard() {
        let composed = "Crème brûlée";
        for typed in [
            composed,
            "Cre\u{300}me bru\u{302}le\u{301}e",
            "Crème\u{a0}brûlée",
            "Crème\u{202f}brûlée",
            "Crème\u{3000}brûlée",
        ] {
            assert_eq!(Password::from_text(typed).unwrap().expose(), composed);
            let attempt = PasswordAttempt::from_text(typed).unwrap();
            let mut expected = vec![composed, typed];
            expected.dedup();
            assert_eq!(attempt.expose().collect::<Vec<_>>(), expected, "{typed:?}");
        }
    }

    #[test]
    fn only_spaces_and_composition_change() {
        // A space at either end counts, as do case, compatibility forms and characters without a
        // shape.
        for kept in [
            " tarte ",
            "TARTE-ﬁne",
            "tar\tte",
            "tar\u{200d}te",
            "tarte🍰",
        ] {
            let password = Password::from_text(kept).unwrap();
            assert_eq!(password.expose(), kept, "{kept:?}");
        }
    }

    #[test]
    fn the_characters_that_count_are_those_after_the_preparation() {
        assert!(Password::from_text("e\u{301}e\u{301}e\u{301}").is_err());
        assert!(Password::from_text("éééééé").is_ok());
        assert!(Password::from_text(&"e\u{301}".repeat(513)).is_err());
    }

    #[test]
    fn an_attempt_may_be_short_but_not_endless() {
        assert!(PasswordAttempt::from_text("123").is_ok());
        assert!(PasswordAttempt::from_text(&"x".repeat(1025)).is_err());
    }

    #[test]
    fn a_short_or_an_endless_password_is_refused() {
        for bad in [String::new(), "12345".to_owned(), "x".repeat(1025)] {
            assert!(Password::from_text(&bad).is_err());
        }
    }
}
