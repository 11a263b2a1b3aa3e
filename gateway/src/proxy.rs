//! One request to one upstream and its answer back: prepare, send, relay.
//!
//! Each worker speaks for itself through hyper's HTTP/1.1 client. awc, actix's own, was tried: it holds back the
//! first bytes of a body, passes off a chunked answer that breaks off as whole, and adds fields.

mod answer;
mod connect;
pub(crate) mod convert;
mod diagnosis;
mod download;
mod forwarding;
mod framing;
mod headers;
mod pool;
mod stream;
mod tls;
mod upload;
mod via;

use std::convert::Infallible;
use std::rc::Rc;
use std::time::Duration;

use actix_web::body::{self, BodyStream, BoxBody};
use actix_web::http::header::{CONNECTION, CONTENT_LENGTH, HeaderMap, VIA};
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
use crate::fault::{ClientFault, Fault, UpstreamFault};
use crate::link::Link;
use crate::trace::Trace;

use convert::Values;
use download::Download;
use forwarding::Arrival;
use framing::Framing;
#[cfg(any(fuzzing, test))]
pub(crate) use headers::invariants::hold as headers_hold;
use pool::Lease;
pub(crate) use pool::{Pool, Pools};
pub(crate) use tls::{TlsConfig, tls_config};
use upload::{Progress, Upload};

/// A request that has its route, on its way out.
pub(crate) struct Outgoing<'a> {
    pub(crate) request: &'a HttpRequest,
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
    /// For the whole exchange, until the last byte of the answer.
    pub(crate) timeout: Duration,
}

/// Sends the request and answers with the upstream's answer, its body still streaming.
pub(crate) async fn forward(
    outgoing: Outgoing<'_>,
    payload: web::Payload,
) -> Result<HttpResponse, Fault> {
    if via::is_loop(outgoing.request.headers()) {
        return Err(Fault::Loop);
    }
    let deadline = Instant::now() + outgoing.timeout;
    let framing = Framing::of(outgoing.request.headers()).map_err(Fault::Client)?;
    if matches!(framing, Framing::Length(length) if length > outgoing.max_body) {
        return Err(Fault::Client(ClientFault::TooLarge));
    }
    let progress = Progress::of(outgoing.link);
    let body = match framing {
        Framing::None | Framing::Length(0) => Upload::none(),
        Framing::Length(length) => Upload::sized(payload, length, progress.clone()),
        Framing::Chunked => Upload::chunked(payload, outgoing.max_body, progress.clone()),
    };
    let prepared = prepare(&outgoing, framing, body)?;
    match timeout_at(deadline, send(&outgoing, framing, prepared)).await {
        Ok(Ok((answer, lease))) => relay(answer, lease, outgoing.request.method(), deadline),
        Ok(Err(fault)) => Err(progress.fault().map_or(fault, Fault::Client)),
        Err(_elapsed) if progress.is_awaited() => Err(Fault::Client(ClientFault::TooSlow)),
        Err(_elapsed) => Err(Fault::upstream(
            UpstreamFault::Timeout,
            "no answer within the deadline",
        )),
    }
}

fn prepare(
    outgoing: &Outgoing<'_>,
    framing: Framing,
    body: Upload,
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
    match framing {
        // hyper writes the length of a body that there is.
        Framing::None | Framing::Length(1..) => {}
        Framing::Length(0) => {
            fields.insert(field::CONTENT_LENGTH, http::HeaderValue::from_static("0"));
        }
        Framing::Chunked => {
            // Written out, or hyper would leave away the body of a GET.
            let chunked = http::HeaderValue::from_static("chunked");
            fields.insert(field::TRANSFER_ENCODING, chunked);
        }
    }
    let mut prepared = http::Request::new(body);
    *prepared.method_mut() = convert::method(request.method())
        .ok_or_else(|| Fault::Internal("a method that hyper does not take".to_owned()))?;
    *prepared.uri_mut() = outgoing.target.clone().into();
    *prepared.headers_mut() = fields;
    Ok(prepared)
}

/// Sends a request on an idle connection, where there is one, else on a new one. Where the upstream had closed the
/// idle one before anything was written, whatever the request is goes on a new one. Where the idle one breaks later
/// but before the first byte of an answer, the upstream has most likely closed it while the request was on its way
/// (RFC 9112 §9.3.1): a request that may be repeated goes on a new one, once. On a new connection nothing is sent twice.
async fn send(
    outgoing: &Outgoing<'_>,
    framing: Framing,
    mut request: http::Request<Upload>,
) -> Result<(http::Response<Incoming>, Lease), Fault> {
    if let Some(mut lease) = outgoing.pool.take() {
        let connection = &mut lease.connection;
        connection.first_byte.expect();
        match connection.sender.try_send_request(request).await {
            Ok(answer) => return Ok((answer, lease)),
            Err(mut refused) => match refused.take_message() {
                Some(unsent) => request = unsent,
                None => {
                    let is_unanswered = !connection.first_byte.has_come();
                    let error = refused.into_error();
                    let may_repeat = outgoing.request.method().is_safe() && framing.is_empty();
                    if !(may_repeat && is_unanswered && diagnosis::is_break(&error)) {
                        return Err(error.into());
                    }
                    log::debug!(
                        upstream = &*outgoing.upstream.name,
                        request_id = outgoing.request_id.as_str();
                        "a connection had gone stale, the request is sent once more: {error}"
                    );
                    request = prepare(outgoing, framing, Upload::none())?;
                }
            },
        }
    }
    let mut lease = outgoing.pool.connect().await?;
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
    answer::judge(head.status, &head.headers)?;
    let status = convert::status(head.status)
        .ok_or_else(|| Fault::Internal("a status that actix does not take".to_owned()))?;
    let mut response = HttpResponse::new(status);
    relay_fields(&head.headers, response.headers_mut());
    // The length is then that of the body which a GET would have had (RFC 9110 §8.6).
    response
        .headers_mut()
        .append(VIA, via::of_answer(head.version));
    if (*method == Method::HEAD || status == StatusCode::NOT_MODIFIED)
        && let Some(length) = answer::told_length(&head.headers)?
    {
        response.headers_mut().insert(CONTENT_LENGTH, length.into());
    }
    // On a connection of HTTP/1.0 hyper would speak that from now on, in which a chunked body is left away.
    if head.version < http::Version::HTTP_11
        || answer::promises_a_forbidden_body(head.status, &head.headers)
    {
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

fn relay_fields(from: &http::HeaderMap, to: &mut HeaderMap) {
    let mut values = Values::new();
    let connection =
        headers::ConnectionOptions::new(from.get_all(field::CONNECTION).iter().map(AsRef::as_ref));
    for (name, value) in from {
        // The server writes the length of a body that there is.
        if *name == field::CONTENT_LENGTH
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
