//! A text for people in the file: one text, or one for each language.

use std::fmt;

use schemars::JsonSchema;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use shared_types::text::{Lang, PerLang, Text};

/// A language without a text has the general one.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(transparent)]
pub(crate) struct ByLanguage(PerLang<Option<String>>);

#[derive(Clone, Debug, JsonSchema)]
#[schemars(untagged)]
pub(crate) enum Label {
    Text(String),
    ByLanguage(ByLanguage),
}

impl Label {
    /// The texts for the upstream `name`.
    pub(crate) fn of(self, name: &str) -> Text {
        self.or(&Text::formatted(|say| (say.upstreams.unnamed)(name)))
    }

    /// The texts, with the general one where a language has none.
    pub(crate) fn or(&self, general: &Text) -> Text {
        let text = |lang| self.to(lang).unwrap_or_else(|| general.to(lang));
        PerLang::of(|lang| text(lang).to_owned()).into()
    }

    /// Whether it has a text in no language.
    pub(crate) fn is_empty(&self) -> bool {
        Lang::ALL.iter().all(|lang| self.to(*lang).is_none())
    }

    fn to(&self, lang: Lang) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::ByLanguage(ByLanguage(texts)) => texts.to(lang).as_deref(),
        }
    }
}

impl Default for Label {
    fn default() -> Self {
        Self::ByLanguage(ByLanguage::default())
    }
}

/// For a page: the text of each language, or null for one without; null if there is none at all.
impl Serialize for Label {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.is_empty() {
            return serializer.serialize_none();
        }
        PerLang::of(|lang| self.to(lang)).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Label {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LabelVisitor)
    }
}

struct LabelVisitor;

impl<'de> Visitor<'de> for LabelVisitor {
    type Value = Label;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, or one for each language: { fr = \"…\", en = \"…\" }")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Label, E> {
        Ok(Label::Text(text.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Label, A::Error> {
        ByLanguage::deserialize(MapAccessDeserializer::new(map)).map(Label::ByLanguage)
    }
}
