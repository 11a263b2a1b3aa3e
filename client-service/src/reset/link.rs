//! The address of the frontend's page where a client sets a new password.

use std::str::FromStr;

use super::token::FreshToken;

const PLACE: &str = "{token}";

/// `RESET_LINK`: an http or https URL with `{token}` in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResetLink(String);

impl ResetLink {
    /// Where the development server of a React frontend (Vite) listens.
    pub(crate) fn of_development() -> Self {
        Self(format!(
            "http://localhost:5173/reset-password?token={PLACE}"
        ))
    }

    pub(crate) fn with(&self, token: &FreshToken) -> String {
        self.0.replace(PLACE, token.expose())
    }
}

impl FromStr for ResetLink {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_web = text.starts_with("https://") || text.starts_with("http://");
        let is_one_word = !text.chars().any(|c| c.is_whitespace() || c.is_control());
        if is_web && is_one_word && text.contains(PLACE) {
            Ok(Self(text.to_owned()))
        } else {
            Err("expected the URL of a page, with {token} in it")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ResetLink;

    #[test]
    fn a_link_is_a_url_with_a_place_for_the_token() {
        for good in [
            "https://x.example/#/reset/{token}",
            "http://x.example/?t={token}",
        ] {
            assert!(good.parse::<ResetLink>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "https://x.example/reset",
            "x.example/{token}",
            "javascript:{token}",
            "https://x.example/ {token}",
        ] {
            assert!(bad.parse::<ResetLink>().is_err(), "{bad}");
        }
    }
}
