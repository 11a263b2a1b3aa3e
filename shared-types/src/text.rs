//! Texts for people, in the two languages of the wire.
//!
//! French is the language of the restaurant and the default; a client that prefers English gets
//! English (`Accept-Language`, RFC 9110 §12.5.4). Both texts are written side by side, so that
//! neither can be forgotten.

use std::borrow::Cow;

/// A language of the answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Lang {
    #[default]
    Fr,
    En,
}

impl Lang {
    /// The first known language of `ranked`, else French. `ranked` holds language ranges (RFC 4647
    /// §2.1: `en-GB`, `fr`, `*`), the preferred one first.
    #[must_use]
    pub fn preferred<'a>(ranked: impl IntoIterator<Item = &'a str>) -> Self {
        ranked
            .into_iter()
            .find_map(|range| {
                let primary = range.split('-').next().unwrap_or(range);
                if primary.eq_ignore_ascii_case("en") {
                    Some(Self::En)
                } else if primary.eq_ignore_ascii_case("fr") || primary == "*" {
                    Some(Self::Fr)
                } else {
                    None
                }
            })
            .unwrap_or_default()
    }

    /// The language's tag for `Content-Language`.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::Fr => "fr",
            Self::En => "en",
        }
    }
}

/// One sentence in both languages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    fr: Cow<'static, str>,
    en: Cow<'static, str>,
}

impl Text {
    /// A fixed sentence.
    #[must_use]
    pub const fn new(fr: &'static str, en: &'static str) -> Self {
        Self {
            fr: Cow::Borrowed(fr),
            en: Cow::Borrowed(en),
        }
    }

    /// A sentence that quotes a part of the request.
    #[must_use]
    pub fn formatted(fr: String, en: String) -> Self {
        Self {
            fr: Cow::Owned(fr),
            en: Cow::Owned(en),
        }
    }

    #[must_use]
    pub fn to(&self, lang: Lang) -> &str {
        match lang {
            Lang::Fr => &self.fr,
            Lang::En => &self.en,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Lang;

    #[test]
    fn the_first_language_spoken_here_wins() {
        assert_eq!(Lang::preferred(["de", "en-GB", "fr"]), Lang::En);
        assert_eq!(Lang::preferred(["FR-CA", "en"]), Lang::Fr);
        assert_eq!(Lang::preferred(["*", "en"]), Lang::Fr);
    }

    #[test]
    fn a_client_that_speaks_neither_is_answered_in_french() {
        assert_eq!(Lang::preferred(["de", "eng"]), Lang::Fr);
        assert_eq!(Lang::preferred([]), Lang::Fr);
    }
}
