//! Texts for people, in every language of the answers.
//!
//! A language is a file beside this one and a line of `languages!` below. The file fills in the
//! tables of [`sentences`]: a sentence that is missing, left over or has other arguments does not
//! compile. In a catalogue that is read at run time, a client would find the gap. Code names a
//! sentence and its arguments. The language is chosen where the answer is written.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub mod sentences;

use sentences::Sentences;

macro_rules! languages {
    ($($(#[$attribute:meta])* $lang:ident = $tag:ident;)+) => {
        $(mod $tag;)+

        /// A language of the answers.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
        pub enum Lang {
            $($(#[$attribute])* $lang,)+
        }

        impl Lang {
            pub const ALL: &'static [Self] = &[$(Self::$lang),+];

            /// The language's tag (RFC 5646), as in `Content-Language`.
            #[must_use]
            pub const fn tag(self) -> &'static str {
                match self { $(Self::$lang => stringify!($tag),)+ }
            }

            #[must_use]
            pub fn sentences(self) -> &'static Sentences {
                match self { $(Self::$lang => &$tag::SENTENCES,)+ }
            }
        }

        /// A value for each language. In JSON and TOML, its keys are the tags.
        #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        #[serde(default, deny_unknown_fields)]
        #[schemars(inline, bound = "T: Default + JsonSchema")]
        pub struct PerLang<T> {
            $($tag: T,)+
        }

        impl<T> PerLang<T> {
            pub fn of(mut value: impl FnMut(Lang) -> T) -> Self {
                Self { $($tag: value(Lang::$lang),)+ }
            }

            #[must_use]
            pub const fn to(&self, lang: Lang) -> &T {
                match lang { $(Lang::$lang => &self.$tag,)+ }
            }
        }
    };
}

// The default is the restaurant's language. A client that prefers none of these gets it.
languages! {
    #[default]
    Fr = fr;
    En = en;
}

impl Lang {
    /// The first known language of `ranked`, else the default. `ranked` holds language ranges (RFC
    /// 4647 §2.1: `en-GB`, `fr`, `*`), the preferred one first.
    #[must_use]
    pub fn preferred<'a>(ranked: impl IntoIterator<Item = &'a str>) -> Self {
        ranked
            .into_iter()
            .find_map(|range| {
                let primary = range.split('-').next().unwrap_or(range);
                if primary == "*" {
                    return Some(Self::default());
                }
                let mut known = Self::ALL.iter().copied();
                known.find(|lang| primary.eq_ignore_ascii_case(lang.tag()))
            })
            .unwrap_or_default()
    }
}

/// A sentence that can be read in every language.
#[derive(Clone)]
pub struct Text(Form);

#[derive(Clone)]
enum Form {
    /// A place in the tables. It costs no allocation.
    Fixed(fn(&'static Sentences) -> &'static str),
    Made(PerLang<String>),
}

impl Text {
    /// A sentence without arguments: `Text::fixed(|say| say.orders.unknown_dish)`.
    #[must_use]
    pub const fn fixed(sentence: fn(&'static Sentences) -> &'static str) -> Self {
        Self(Form::Fixed(sentence))
    }

    /// A sentence with arguments: `Text::formatted(|say| (say.orders.not_available)(&dish.name))`.
    #[must_use]
    pub fn formatted(sentence: impl Fn(&'static Sentences) -> String) -> Self {
        PerLang::of(|lang| sentence(lang.sentences())).into()
    }

    /// A sentence about something that has a name in each language, such as a service.
    #[must_use]
    pub fn about(name: &Self, sentence: impl Fn(&'static Sentences, &str) -> String) -> Self {
        PerLang::of(|lang| sentence(lang.sentences(), name.to(lang))).into()
    }

    /// The same in every language, such as a name.
    #[must_use]
    pub fn untranslated(text: &str) -> Self {
        PerLang::of(|_| text.to_owned()).into()
    }

    #[must_use]
    pub fn to(&self, lang: Lang) -> &str {
        match &self.0 {
            Form::Fixed(sentence) => sentence(lang.sentences()),
            Form::Made(texts) => texts.to(lang),
        }
    }
}

/// Texts that are in no table, such as those of the configuration file.
impl From<PerLang<String>> for Text {
    fn from(texts: PerLang<String>) -> Self {
        Self(Form::Made(texts))
    }
}

/// Texts are equal if they read the same: the address of a function says nothing.
impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        let mut langs = Lang::ALL.iter();
        langs.all(|lang| self.to(*lang) == other.to(*lang))
    }
}

impl Eq for Text {}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        PerLang::of(|lang| self.to(lang)).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::{Lang, PerLang, Text};

    #[test]
    fn the_first_language_spoken_here_wins() {
        assert_eq!(Lang::preferred(["de", "en-GB", "fr"]), Lang::En);
        assert_eq!(Lang::preferred(["FR-CA", "en"]), Lang::Fr);
        assert_eq!(Lang::preferred(["*", "en"]), Lang::Fr);
    }

    #[test]
    fn a_client_that_speaks_none_is_answered_in_french() {
        assert_eq!(Lang::preferred(["de", "eng"]), Lang::Fr);
        assert_eq!(Lang::preferred([]), Lang::Fr);
    }

    #[test]
    fn every_language_is_found_by_its_tag() {
        for lang in Lang::ALL {
            assert_eq!(Lang::preferred([lang.tag()]), *lang);
            assert_eq!(PerLang::of(Lang::tag).to(*lang), &lang.tag());
        }
    }

    #[test]
    fn texts_are_equal_if_they_read_the_same() {
        let fixed = Text::fixed(|say| say.fields.empty);
        let made = Text::formatted(|say| say.fields.empty.to_owned());
        assert_eq!(fixed, made);
        assert_ne!(fixed, Text::fixed(|say| say.fields.unexpected));
        let english = Text::untranslated(fixed.to(Lang::En));
        assert_ne!(fixed, english);
    }

    #[test]
    fn a_sentence_is_about_the_name_in_its_language() {
        let name = Text::formatted(|say| (say.upstreams.unnamed)("stock"));
        let text = Text::about(&name, |say, service| (say.upstreams.unreachable)(service));
        let (fr, en) = (text.to(Lang::Fr), text.to(Lang::En));
        assert!(
            fr.starts_with("Le service « stock » est injoignable."),
            "{fr}"
        );
        assert!(
            en.starts_with("The service “stock” cannot be reached."),
            "{en}"
        );
    }
}
