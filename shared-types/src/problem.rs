//! The body of every error: RFC 9457 `application/problem+json`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::field::FieldProblem;
use crate::text::Lang;
use crate::value::Timestamp;

mod code;

pub use code::Code;

/// The media type of RFC 9457 §3.
pub const MEDIA_TYPE: &str = "application/problem+json";

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Problem {
    #[serde(rename = "type")]
    pub kind: String,
    pub title: String,
    pub status: u16,
    pub detail: String,
    /// The path of the request as the frontend sent it.
    pub instance: String,
    pub code: String,
    /// The same as `detail`, for frontends that read this field.
    pub message: String,
    /// The same as `code`, for frontends that read this field.
    pub error: String,
    /// The upstream that is at fault, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    #[serde(rename = "requestId")]
    pub request_id: String,
    /// Every invalid field of the request.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldProblem>,
    /// When the restaurant opens, if it is closed and that is known.
    #[serde(rename = "opensAt", default, skip_serializing_if = "Option::is_none")]
    pub opens_at: Option<Timestamp>,
}

/// The request that a problem answers.
#[derive(Clone, Copy, Debug)]
pub struct Occurrence<'a> {
    pub lang: Lang,
    pub instance: &'a str,
    pub request_id: &'a str,
}

impl Problem {
    /// Without `detail`, the code's own sentence is used.
    #[must_use]
    pub fn new(code: Code, detail: Option<String>, occurrence: Occurrence<'_>) -> Self {
        let lang = occurrence.lang;
        let detail = detail.unwrap_or_else(|| code.detail(lang).to_owned());
        Self {
            kind: code.type_uri(),
            title: code.title(lang).to_owned(),
            status: code.status(),
            message: detail.clone(),
            detail,
            instance: occurrence.instance.to_owned(),
            code: code.as_str().to_owned(),
            error: code.as_str().to_owned(),
            service: None,
            request_id: occurrence.request_id.to_owned(),
            errors: Vec::new(),
            opens_at: None,
        }
    }
}
