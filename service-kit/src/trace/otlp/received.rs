//! Reads what other processes export.
//!
//! A request is decoded one span at a time. Two bytes can be an empty span, so that a small request
//! decoded as a whole could take a hundred times its size.

use prost::bytes::Bytes;
use prost::{DecodeError, Message};

use super::{ExportResponse, PartialSuccess, Resource, Span, service_name};

#[derive(Clone, PartialEq, Message)]
struct Request {
    #[prost(bytes = "bytes", repeated, tag = "1")]
    resource_spans: Vec<Bytes>,
}

#[derive(Clone, PartialEq, Message)]
struct ResourceSpans {
    #[prost(message, optional, tag = "1")]
    resource: Option<Resource>,
    #[prost(bytes = "bytes", repeated, tag = "2")]
    scope_spans: Vec<Bytes>,
}

#[derive(Clone, PartialEq, Message)]
struct ScopeSpans {
    #[prost(bytes = "bytes", repeated, tag = "2")]
    spans: Vec<Bytes>,
}

/// Reads a request, and gives each span to `take` with the name of its service.
///
/// # Errors
/// The body is not such a request. The spans before the malformed one have been taken.
pub fn read(body: Bytes, mut take: impl FnMut(&str, Span)) -> Result<(), DecodeError> {
    for of_resource in Request::decode(body)?.resource_spans {
        let ResourceSpans {
            resource,
            scope_spans,
        } = ResourceSpans::decode(of_resource)?;
        let resource = resource.unwrap_or_default();
        for of_scope in scope_spans {
            for span in ScopeSpans::decode(of_scope)?.spans {
                take(service_name(&resource), Span::decode(span)?);
            }
        }
    }
    Ok(())
}

/// The answer to a request of which spans were rejected, or none.
#[must_use]
pub fn answer(rejected: u64, why: &str) -> Vec<u8> {
    let partial_success = (rejected > 0).then(|| PartialSuccess {
        rejected_spans: i64::try_from(rejected).unwrap_or(i64::MAX),
        error_message: why.to_owned(),
    });
    ExportResponse { partial_success }.encode_to_vec()
}
