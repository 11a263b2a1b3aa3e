//! The tables `[[closures]]`.

use schemars::JsonSchema;
use serde::Deserialize;

use super::label::Label;
use super::moment::Moment;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClosureTable {
    /// The upstream that is under planned work: it gets no request. Either this or `feature`.
    pub(crate) upstream: Option<String>,
    /// The feature that is closed: its routes take no request. Either this or `upstream`.
    pub(crate) feature: Option<String>,
    /// When it begins.
    pub(crate) from: Moment,
    /// The first moment at which requests are served again, at most 90 days later.
    pub(crate) until: Moment,
    /// What clients are told, of at most 300 characters: one text, or one for each language.
    pub(crate) reason: Label,
}
