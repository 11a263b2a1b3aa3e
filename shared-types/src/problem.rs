//! The body of every error: RFC 9457 `application/problem+json`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::field::FieldProblem;
use crate::text::Lang;
use crate::value::{Price, Timestamp};

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
    /// The limit of the configuration that the request has reached, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<ReachedLimit>,
    /// The total of the order, if it is above the `X-Max-Total` of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<Price>,
}

/// A limit, by the name under which the operator can change it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub struct ReachedLimit {
    /// The key of the gateway's file, such as `limits.rate`, or a service's variable.
    pub name: String,
    /// As the file or the variable has it: `600/10s`, `64MiB`, `1000`.
    pub value: String,
}

impl ReachedLimit {
    pub fn new(name: impl Into<String>, value: impl ToString) -> Self {
        Self {
            name: name.into(),
            value: value.to_string(),
        }
    }
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
            limit: None,
            total: None,
        }
    }
}
