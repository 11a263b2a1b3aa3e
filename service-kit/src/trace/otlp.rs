//! The messages of OTLP (`opentelemetry/proto/trace/v1` and `collector/trace/v1`, release 1.10), as
//! far as they are used here. Their bytes are compared with those of the official library.

use std::time::{SystemTime, UNIX_EPOCH};

use prost::Message;

use super::span::{Span as Ended, Value as Attribute};

mod received;

pub use received::{answer, read};

/// The path of the collector's service for traces.
pub const PATH: &str = "/v1/traces";

pub const MEDIA_TYPE: &str = "application/x-protobuf";

#[derive(Clone, PartialEq, Message)]
pub struct ExportRequest {
    #[prost(message, repeated, tag = "1")]
    pub resource_spans: Vec<ResourceSpans>,
}

#[derive(Clone, PartialEq, Message)]
pub struct ResourceSpans {
    #[prost(message, optional, tag = "1")]
    pub resource: Option<Resource>,
    #[prost(message, repeated, tag = "2")]
    pub scope_spans: Vec<ScopeSpans>,
}

#[derive(Clone, PartialEq, Message)]
pub struct Resource {
    #[prost(message, repeated, tag = "1")]
    pub attributes: Vec<KeyValue>,
}

#[derive(Clone, PartialEq, Message)]
pub struct ScopeSpans {
    #[prost(message, optional, tag = "1")]
    pub scope: Option<Scope>,
    #[prost(message, repeated, tag = "2")]
    pub spans: Vec<Span>,
}

#[derive(Clone, PartialEq, Message)]
pub struct Scope {
    #[prost(string, tag = "1")]
    pub name: String,
    #[prost(string, tag = "2")]
    pub version: String,
}

#[derive(Clone, PartialEq, Message)]
pub struct Span {
    #[prost(bytes = "vec", tag = "1")]
    pub trace_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    pub span_id: Vec<u8>,
    /// Empty for the first span of a trace.
    #[prost(bytes = "vec", tag = "4")]
    pub parent_span_id: Vec<u8>,
    #[prost(string, tag = "5")]
    pub name: String,
    /// A number of [`Kind`](super::span::Kind).
    #[prost(int32, tag = "6")]
    pub kind: i32,
    #[prost(fixed64, tag = "7")]
    pub start_time_unix_nano: u64,
    #[prost(fixed64, tag = "8")]
    pub end_time_unix_nano: u64,
    #[prost(message, repeated, tag = "9")]
    pub attributes: Vec<KeyValue>,
    #[prost(message, optional, tag = "15")]
    pub status: Option<Status>,
    #[prost(fixed32, tag = "16")]
    pub flags: u32,
}

#[derive(Clone, PartialEq, Message)]
pub struct Status {
    #[prost(int32, tag = "3")]
    pub code: i32,
}

#[derive(Clone, PartialEq, Message)]
pub struct KeyValue {
    #[prost(string, tag = "1")]
    pub key: String,
    #[prost(message, optional, tag = "2")]
    pub value: Option<AnyValue>,
}

#[derive(Clone, PartialEq, Message)]
pub struct AnyValue {
    #[prost(oneof = "Value", tags = "1, 3")]
    pub value: Option<Value>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
pub enum Value {
    #[prost(string, tag = "1")]
    Text(String),
    #[prost(int64, tag = "3")]
    Number(i64),
}

#[derive(Clone, PartialEq, Message)]
pub struct ExportResponse {
    #[prost(message, optional, tag = "1")]
    pub partial_success: Option<PartialSuccess>,
}

#[derive(Clone, PartialEq, Message)]
pub struct PartialSuccess {
    #[prost(int64, tag = "1")]
    pub rejected_spans: i64,
    #[prost(string, tag = "2")]
    pub error_message: String,
}

/// The attribute of a [`Resource`] that names the service.
pub const SERVICE_NAME: &str = "service.name";

/// The code of a failure in [`Status`].
pub const ERROR: i32 = 2;

pub(super) fn request(resource: &Resource, spans: &[Ended]) -> ExportRequest {
    let scope = Scope {
        name: "passe-plat".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    ExportRequest {
        resource_spans: vec![ResourceSpans {
            resource: Some(resource.clone()),
            scope_spans: vec![ScopeSpans {
                scope: Some(scope),
                spans: spans.iter().map(Span::from).collect(),
            }],
        }],
    }
}

impl From<&Ended> for Span {
    fn from(span: &Ended) -> Self {
        let attributes = span.attributes.iter();
        Self {
            trace_id: bytes(&span.trace_id),
            span_id: bytes(&span.id),
            parent_span_id: span.parent.map(|id| bytes(&id)).unwrap_or_default(),
            name: span.name.clone().into_owned(),
            kind: span.kind as i32,
            start_time_unix_nano: nanos(span.started),
            end_time_unix_nano: nanos(span.started + span.took),
            attributes: attributes.map(|(key, value)| pair(key, value)).collect(),
            status: span.is_error.then_some(Status { code: ERROR }),
            flags: span.flags.into(),
        }
    }
}

/// The name of the service that a resource describes.
pub(super) fn service_name(resource: &Resource) -> &str {
    let mut attributes = resource.attributes.iter();
    let named = attributes.find(|pair| pair.key == SERVICE_NAME);
    let value = named.and_then(|pair| pair.value.as_ref()?.value.as_ref());
    match value {
        Some(Value::Text(name)) => name,
        // The standard's word for it.
        _ => "unknown_service",
    }
}

fn pair(key: &str, value: &Attribute) -> KeyValue {
    let value = match value {
        Attribute::Text(text) => Value::Text(text.clone().into_owned()),
        Attribute::Number(number) => Value::Number(*number),
    };
    KeyValue::of(key, value)
}

impl KeyValue {
    pub(super) fn of(key: &str, value: Value) -> Self {
        Self {
            key: key.to_owned(),
            value: Some(AnyValue { value: Some(value) }),
        }
    }
}

fn nanos(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

/// The bytes of hexadecimal digits.
fn bytes(digits: &[u8]) -> Vec<u8> {
    let value = |digit: &u8| char::from(*digit).to_digit(16).unwrap_or(0) as u8;
    let pairs = digits.chunks_exact(2);
    pairs
        .map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | value(digit)))
        .collect()
}

#[cfg(test)]
mod tests;
