//! A password on its way to being hashed: never printed, never serialised.

use std::fmt;

use crate::field::{FromText, text_field};
use crate::text::Text;

/// 6 to 1,024 characters. The upper bound keeps a client from making the hash arbitrarily expensive.
#[derive(Clone)]
pub struct Password(String);

impl Password {
    /// The secret itself, for the hash function only.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl FromText for Password {
    fn from_text(text: &str) -> Result<Self, Text> {
        if (6..=1024).contains(&text.chars().count()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Text::new(
                "entre 6 et 1024 caractères",
                "between 6 and 1024 characters",
            ))
        }
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

text_field!(Password);

#[cfg(test)]
mod tests {
    use super::{FromText, Password};

    #[test]
    fn a_password_is_never_printed() {
        let password = Password::from_text("s3cret!").unwrap();
        assert!(!format!("{password:?}").contains("s3cret"));
    }

    #[test]
    fn a_short_or_an_endless_password_is_refused() {
        for bad in [String::new(), "12345".to_owned(), "x".repeat(1025)] {
            assert!(Password::from_text(&bad).is_err());
        }
    }
}
