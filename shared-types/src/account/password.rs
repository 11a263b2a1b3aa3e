//! Passwords to hash or check: never printed, never serialised.

use std::fmt;

use crate::field::{FromText, text_field};
use crate::schema::inline_schema;
use crate::text::Text;

/// Keeps a client from making the hash arbitrarily expensive.
const MAX_CHARS: usize = 1024;

/// 6 to 1,024 characters.
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
pub struct PasswordAttempt(String);

impl PasswordAttempt {
    /// The secret itself, for the hash function only.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl FromText for PasswordAttempt {
    fn from_text(text: &str) -> Result<Self, Text> {
        if text.chars().count() <= MAX_CHARS {
            Ok(Self(text.to_owned()))
        } else {
            Err(Text::formatted(|say| (say.fields.too_long)(MAX_CHARS)))
        }
    }
}

impl FromText for Password {
    fn from_text(text: &str) -> Result<Self, Text> {
        if (6..=MAX_CHARS).contains(&text.chars().count()) {
            Ok(Self(text.to_owned()))
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
