//! One request to one upstream and its answer back: prepare, send, relay.
//!
//! Each worker speaks for itself through hyper's HTTP/1.1 client. awc, actix's own, was tried: it holds back the
//! first bytes of a body, passes off a chunked answer that breaks off as whole, and adds fields.

mod connect;
pub(crate) mod convert;
mod diagnosis;
mod download;
mod forwarding;
mod headers;
mod pool;
mod stream;
mod tls;
mod upload;
mod via;

use std::convert::Infallible;
use std::rc::Rc;

use actix_web::body::{self, BodyStream, BoxBody};
use actix_web::http::header::{CONNECTION, CONTENT_LENGTH, HeaderMap, TRANSFER_ENCODING, VIA};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse, web};
use futures_util::stream::empty;
use http::header as field;
use http::uri::PathAndQuery;
use http_body::Body as _;
use hyper::body::Incoming;
use service_kit::request_id::RequestId;
use tokio::time::{Instant, timeout_at};

use crate::client_address::{Scheme, TrustedProxies};
use crate::config::Upstream;
use crate::cors;
use crate::downstream::Link;
use crate::fault::{ClientFault, Fault, UpstreamFault};
use crate::trace::Trace;

use convert::Values;
use download::Download;
use forwarding::Arrival;
use pool::Lease;
pub(crate) use pool::{Pool, Pools};
pub(crate) use tls::{TlsConfig, tls_config};
use upload::{Progress, Upload};

/// A request that has its route, on its way out.
pub(crate) struct Outgoing<'a> {
    pub(crate) request: &'a HttpRequest,
    pub(crate) payload: web::Payload,
    /// What the upstream is asked for.
    pub(crate) target: PathAndQuery,
    pub(crate) upstream: &'a Upstream,
    pub(crate) pool: &'a Rc<Pool>,
    pub(crate) request_id: &'a RequestId,
    pub(crate) trace: &'a Trace,
    pub(crate) scheme: Scheme,
    pub(crate) trusted_proxies: &'a TrustedProxies,
    pub(crate) max_body: u64,
    /// The client's connection, where it is one of HTTP/1.
    pub(crate) link: Option<&'a Rc<Link>>,
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
    if via::is_loop(outgoing.request.headers()) {
        return Err(Fault::Loop);
    }
    let deadline = Instant::now() + outgoing.upstream.timeout;
    let framing = framing_of(outgoing.request)?;
    if matches!(framing, Framing::Length(length) if length > outgoing.max_body) {
        return Err(Fault::Client(ClientFault::TooLarge));
    }
    let (pool, method) = (outgoing.pool, outgoing.request.method());
    let progress = Progress::of(outgoing.link);
    let prepared = prepare(outgoing, framing, progress.clone())?;
    match timeout_at(deadline, send(pool, prepared)).await {
        Ok(Ok((answer, lease))) => relay(answer, lease, method, deadline),
        Ok(Err(fault)) => Err(progress.fault().map_or(fault, Fault::Client)),
        Err(_elapsed) if progress.is_awaited() => Err(Fault::Client(ClientFault::TooSlow)),
        Err(_elapsed) => Err(Fault::upstream(
            UpstreamFault::Timeout,
            "no answer within the deadline",
        )),
    }
}

fn prepare(
    outgoing: Outgoing<'_>,
    framing: Framing,
    progress: Progress,
) -> Result<http::Request<Upload>, Fault> {
    let request = outgoing.request;
    let mut values = Values::new();
    // The gateway's own: `Host`, five that tell who asked, three that tell which request it is, one that frames the
    // body.
    let mut fields = http::HeaderMap::with_capacity(request.headers().len() + 10);
    fields.insert(field::HOST, outgoing.pool.host());
    let connection =
        headers::ConnectionOptions::new(request.headers().get_all(CONNECTION).map(AsRef::as_ref));
    for (name, value) in request.headers() {
        if !connection.lets_through(name.as_str())
            || headers::is_rewritten(name.as_str())
            || outgoing.trace.drops(name.as_str())
        {
            continue;
        }
        if let (Some(name), Some(value)) = (
            convert::name_to_hyper(name),
            values.for_hyper(value.as_bytes()),
        ) {
            fields.append(name, value);
        }
    }
    let arrival = Arrival::of(request, outgoing.scheme, outgoing.trusted_proxies);
    arrival.write(request.path(), &mut values, &mut fields);
    fields.append(field::VIA, via::of_request(request.version()));
    for (name, value) in [
        (
            &headers::X_REQUEST_ID,
            outgoing.request_id.as_str().as_bytes(),
        ),
        (&headers::TRACEPARENT, outgoing.trace.traceparent()),
    ] {
        if let Some(value) = values.for_hyper(value) {
            fields.insert(name.clone(), value);
        }
    }
    let body = match framing {
        Framing::None => Upload::none(),
        Framing::Length(0) => {
            fields.insert(field::CONTENT_LENGTH, http::HeaderValue::from_static("0"));
            Upload::none()
        }
        // hyper writes the length.
        Framing::Length(length) => Upload::sized(outgoing.payload, length, progress),
        Framing::Chunked => {
            // Written out, or hyper would leave away the body of a GET.
            let chunked = http::HeaderValue::from_static("chunked");
            fields.insert(field::TRANSFER_ENCODING, chunked);
            Upload::chunked(outgoing.payload, outgoing.max_body, progress)
        }
    };
    let mut prepared = http::Request::new(body);
    *prepared.method_mut() = convert::method(request.method())
        .ok_or_else(|| Fault::Internal("a method that hyper does not take".to_owned()))?;
    *prepared.uri_mut() = outgoing.target.into();
    *prepared.headers_mut() = fields;
    Ok(prepared)
}

/// Sends a request once: on an idle connection, and where the upstream had closed that one before anything was
/// written, on a new one. Once a byte may have gone, nothing is sent again, whatever the method.
async fn send(
    pool: &Rc<Pool>,
    mut request: http::Request<Upload>,
) -> Result<(http::Response<Incoming>, Lease), Fault> {
    if let Some(mut lease) = pool.take() {
        match lease.connection.sender.try_send_request(request).await {
            Ok(answer) => return Ok((answer, lease)),
            Err(mut refused) => match refused.take_message() {
                Some(unsent) => request = unsent,
                None => return Err(refused.into_error().into()),
            },
        }
    }
    let mut lease = pool.connect().await?;
    match lease.connection.sender.try_send_request(request).await {
        Ok(answer) => Ok((answer, lease)),
        Err(refused) => Err(refused.into_error().into()),
    }
}

/// The answer as it came: status, end-to-end fields, body.
fn relay(
    answer: http::Response<Incoming>,
    mut lease: Lease,
    method: &Method,
    deadline: Instant,
) -> Result<HttpResponse, Fault> {
    let (head, body) = answer.into_parts();
    let status = convert::status(head.status)
        .filter(|status| *status != StatusCode::SWITCHING_PROTOCOLS)
        .ok_or_else(|| {
            let cause = format!("an answer that nobody asked for: {}", head.status);
            Fault::upstream(UpstreamFault::InvalidResponse, cause)
        })?;
    let mut response = HttpResponse::new(status);
    // The length is then that of the body which a GET would have had (RFC 9110 §8.6).
    let keeps_length = *method == Method::HEAD || status == StatusCode::NOT_MODIFIED;
    relay_fields(&head.headers, keeps_length, response.headers_mut());
    response
        .headers_mut()
        .append(VIA, via::of_answer(head.version));
    if head.version < http::Version::HTTP_11 {
        // On this connection hyper would speak HTTP/1.0 from now on, in which a chunked body is left away.
        lease.retire();
    }
    if !body.is_end_stream() {
        return Ok(response.set_body(BoxBody::new(Download::new(body, lease, deadline))));
    }
    lease.give_back();
    Ok(if *method == Method::HEAD {
        withhold(response)
    } else {
        response
    })
}

fn relay_fields(from: &http::HeaderMap, keeps_length: bool, to: &mut HeaderMap) {
    let mut values = Values::new();
    let connection =
        headers::ConnectionOptions::new(from.get_all(field::CONNECTION).iter().map(AsRef::as_ref));
    for (name, value) in from {
        // The server writes the length of a body that there is.
        let is_framing = *name == field::CONTENT_LENGTH && !keeps_length;
        if is_framing
            || !connection.lets_through(name.as_str())
            || cors::is_cors_field(name.as_str())
        {
            continue;
        }
        if let (Some(name), Some(value)) = (
            convert::name_to_actix(name),
            values.for_actix(value.as_bytes()),
        ) {
            to.append(name, value);
        }
    }
}

/// Makes the server leave the length of an answer to HEAD as it is and send no body. Said as a body of unknown length
/// that ends at once, since with a known one a request that the client has sent after this one makes the server
/// forget (actix-http 3.20) that it answers a HEAD.
fn withhold(mut response: HttpResponse) -> HttpResponse {
    if !response.headers().contains_key(CONTENT_LENGTH) {
        return response.set_body(BoxBody::new(body::None::new()));
    }
    response.head_mut().no_chunking(true);
    response.set_body(BoxBody::new(BodyStream::new(empty::<
        Result<web::Bytes, Infallible>,
    >())))
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
