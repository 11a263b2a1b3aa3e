//! A text for people in the file: one text, or one for each language.

use std::fmt;

use schemars::JsonSchema;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use shared_types::text::{Lang, Text};

/// A language without a text has the general one.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ByLanguage {
    fr: Option<String>,
    en: Option<String>,
}

#[derive(Clone, Debug, JsonSchema)]
#[schemars(untagged)]
pub(crate) enum Label {
    Text(String),
    ByLanguage(ByLanguage),
}

impl Label {
    /// The texts for the upstream `name`.
    pub(crate) fn of(self, name: &str) -> Text {
        let service = Text::formatted(
            format!("Le service « {name} »"),
            format!("The service “{name}”"),
        );
        self.or(&service)
    }

    /// The texts, with the general one where a language has none.
    pub(crate) fn or(&self, general: &Text) -> Text {
        let ByLanguage { fr, en } = self.by_language();
        let text = |text: Option<String>, lang| text.unwrap_or_else(|| general.to(lang).to_owned());
        Text::formatted(text(fr, Lang::Fr), text(en, Lang::En))
    }

    fn by_language(&self) -> ByLanguage {
        match self {
            Self::Text(text) => ByLanguage {
                fr: Some(text.clone()),
                en: Some(text.clone()),
            },
            Self::ByLanguage(texts) => texts.clone(),
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
        match self.by_language() {
            ByLanguage { fr: None, en: None } => serializer.serialize_none(),
            texts => texts.serialize(serializer),
        }
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
