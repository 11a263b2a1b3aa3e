//! Asks for a feature as a client would: through the gateway, but without its listener and its rate
//! limits.

use actix_http::{BoxedPayloadStream, Payload, Request};
use actix_service::Service;
use actix_web::body::{MessageBody, to_bytes_limited};
use actix_web::dev::ServiceResponse;
use actix_web::http::header::{CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderValue, RETRY_AFTER};
use actix_web::http::{Method, StatusCode};
use actix_web::web;
use futures_util::stream::once;

use super::verdict::Received;
use crate::answer::features::Probe;
use crate::answer::problem;
use crate::fault::degraded::is_marked;
use crate::upstream::is_outage;

/// The most bytes of an answer.
const MOST: usize = 1024 * 1024;

/// A client's answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Got {
    pub(super) answer: Received,
    /// Whether the answer shows that an upstream gave none: a problem that says so, or a
    /// substitute.
    pub(super) is_outage: bool,
}

pub(super) async fn ask<S, B>(service: &S, probe: &Probe) -> Got
where
    S: Service<Request, Response = ServiceResponse<B>, Error = actix_web::Error>,
    B: MessageBody,
{
    let Ok(answer) = service.call(request(probe)).await else {
        return Got {
            answer: Received::Broken,
            is_outage: false,
        };
    };
    let (answer, body) = answer.into_parts().1.into_parts();
    // As a client does. A large answer need not be read to its end.
    let _ = to_bytes_limited(body, MOST).await;
    let (status, fields) = (answer.status(), answer.headers());
    let stands_in = is_marked(fields) && status.is_success();
    let answer = if stands_in {
        Received::Degraded
    } else if status == StatusCode::SERVICE_UNAVAILABLE
        && problem::is_of_gateway(&answer)
        && fields.contains_key(RETRY_AFTER)
    {
        Received::Refused
    } else if status.is_server_error() {
        Received::Broken
    } else {
        Received::Works
    };
    Got {
        answer,
        is_outage: stands_in || is_outage(status),
    }
}

/// The probe as a request. It has an empty object if it must have a body: no service acts on that.
fn request(probe: &Probe) -> Request {
    const EMPTY: web::Bytes = web::Bytes::from_static(b"{}");
    let has_body = !probe.method.is_safe() && probe.method != Method::DELETE;
    let mut request = Request::with_payload(if has_body {
        let body: BoxedPayloadStream = Box::pin(once(async { Ok(EMPTY) }));
        Payload::from(body)
    } else {
        Payload::None
    });
    let head = request.head_mut();
    head.method = probe.method.clone();
    head.uri = probe.target.clone();
    head.headers
        .insert(HOST, HeaderValue::from_static("rehearsal"));
    if has_body {
        head.headers
            .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        head.headers.insert(CONTENT_LENGTH, EMPTY.len().into());
    }
    request
}
