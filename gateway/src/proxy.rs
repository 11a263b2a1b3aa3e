//! One request to one upstream and its answer back: prepare, send, relay.

mod client;
mod download;
mod headers;
mod upload;

use std::time::Instant;

use actix_web::http::header::{CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use actix_web::http::{Method, StatusCode, Uri};
use actix_web::{HttpRequest, HttpResponse, web};
use service_kit::request_id::{self, RequestId};

use crate::config::Upstream;
use crate::cors;
use crate::fault::{ClientFault, Fault, UpstreamFault};

pub(crate) use client::{Clients, tls_config};
use download::Download;
use upload::{Progress, Upload};

/// A request that has its route, on its way out.
pub(crate) struct Outgoing<'a> {
    pub(crate) request: &'a HttpRequest,
    pub(crate) payload: web::Payload,
    pub(crate) uri: Uri,
    pub(crate) upstream: &'a Upstream,
    pub(crate) client: &'a awc::Client,
    pub(crate) request_id: &'a RequestId,
    pub(crate) max_body: u64,
}

/// How the client delimits its body (RFC 9112 §6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Framing {
    None,
    Length(u64),
    Chunked,
}

/// Sends the request and answers with the upstream's answer, its body still streaming.
pub(crate) async fn forward(outgoing: Outgoing<'_>) -> Result<HttpResponse, Fault> {
    let deadline = tokio::time::Instant::from_std(Instant::now() + outgoing.upstream.timeout);
    let framing = framing_of(outgoing.request)?;
    if matches!(framing, Framing::Length(length) if length > outgoing.max_body) {
        return Err(Fault::Client(ClientFault::TooLarge));
    }
    let prepared = prepare(&outgoing);
    let progress = Progress::default();
    let sending = match framing {
        Framing::None => {
            progress.finish();
            prepared.send()
        }
        Framing::Length(0) => {
            progress.finish();
            prepared.send_body(web::Bytes::new())
        }
        Framing::Length(length) => {
            let upload = Upload::new(outgoing.payload, outgoing.max_body, progress.clone());
            prepared.send_body(actix_web::body::SizedStream::new(length, upload))
        }
        Framing::Chunked => {
            let upload = Upload::new(outgoing.payload, outgoing.max_body, progress.clone());
            prepared.send_stream(upload)
        }
    };
    match tokio::time::timeout_at(deadline, sending).await {
        Ok(Ok(answer)) => Ok(relay(answer, outgoing.request.method(), deadline)),
        Ok(Err(error)) => Err(progress.fault().map_or_else(|| error.into(), Fault::Client)),
        Err(_elapsed) if !progress.is_finished() => Err(Fault::Client(ClientFault::TooSlow)),
        Err(_elapsed) => Err(Fault::upstream(
            UpstreamFault::Timeout,
            "no answer within the deadline",
        )),
    }
}

fn prepare(outgoing: &Outgoing<'_>) -> awc::ClientRequest {
    let request = outgoing.request;
    let mut prepared = outgoing
        .client
        .request(request.method().clone(), outgoing.uri.clone());
    let headers = prepared.headers_mut();
    for (name, value) in headers::end_to_end(request.headers()) {
        // The upstream has a host of its own, and the body is framed anew.
        if *name != HOST && *name != CONTENT_LENGTH && !headers::is_forwarding(name) {
            headers.append(name.clone(), value.clone());
        }
    }
    headers::add_forwarding(headers, request);
    headers.insert(request_id::HEADER, outgoing.request_id.header_value());
    prepared
}

/// The answer as it came: status, end-to-end fields, body.
fn relay(
    answer: awc::ClientResponse,
    method: &Method,
    deadline: tokio::time::Instant,
) -> HttpResponse {
    let status = answer.status();
    let length = answer
        .headers()
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.parse().ok());
    let mut response = HttpResponse::new(status);
    let headers = response.headers_mut();
    for (name, value) in headers::end_to_end(answer.headers()) {
        if *name != CONTENT_LENGTH && !cors::is_cors_field(name) {
            headers.append(name.clone(), value.clone());
        }
    }
    if has_no_body(method, status) {
        return response;
    }
    response.set_body(actix_web::body::BoxBody::new(Download::new(
        answer, length, deadline,
    )))
}

/// RFC 9110 §6.4.1.
fn has_no_body(method: &Method, status: StatusCode) -> bool {
    *method == Method::HEAD
        || status.is_informational()
        || status == StatusCode::NO_CONTENT
        || status == StatusCode::NOT_MODIFIED
}

fn framing_of(request: &HttpRequest) -> Result<Framing, Fault> {
    if request.headers().contains_key(TRANSFER_ENCODING) {
        return Ok(Framing::Chunked);
    }
    let Some(length) = request.headers().get(CONTENT_LENGTH) else {
        return Ok(Framing::None);
    };
    let length = length.to_str().ok().and_then(|length| length.parse().ok());
    length
        .map(Framing::Length)
        .ok_or(Fault::Client(ClientFault::Malformed))
}
