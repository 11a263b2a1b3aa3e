//! An upstream's name in error messages: one text, or one for each language.

use std::fmt;

use schemars::JsonSchema;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use shared_types::text::Text;

/// A language without a text has the upstream's name.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ByLanguage {
    fr: Option<String>,
    en: Option<String>,
}

#[derive(Debug, JsonSchema)]
#[schemars(untagged)]
pub(crate) enum Label {
    Text(String),
    ByLanguage(ByLanguage),
}

impl Label {
    /// The texts for the upstream `name`.
    pub(crate) fn of(self, name: &str) -> Text {
        let ByLanguage { fr, en } = match self {
            Self::Text(text) => return Text::formatted(text.clone(), text),
            Self::ByLanguage(texts) => texts,
        };
        Text::formatted(
            fr.unwrap_or_else(|| format!("Le service « {name} »")),
            en.unwrap_or_else(|| format!("The service “{name}”")),
        )
    }
}

impl Default for Label {
    fn default() -> Self {
        Self::ByLanguage(ByLanguage::default())
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
