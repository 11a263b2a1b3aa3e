//! Writes the request for the upstream.

use actix_web::http::header::CONNECTION;
use bytes::Bytes;

use super::{headers, own_cookie, via};
use crate::fault::{ClientFault, Fault};
use crate::http::websocket::WEBSOCKET;
use crate::upstream::Outgoing;
use crate::upstream::request::forwarding::Arrival;
use crate::upstream::request::framing::Framing;
use crate::upstream::request::head::Head;
use crate::upstream::request::stored::{Marks, prepare_stored};

/// The largest head that the services' server (actix-http) reads. No common server reads more.
const LARGEST: usize = 128 * 1024;

/// Writes the head for the replica with this `Host`. `traceparent` is that of the try.
///
/// # Errors
/// The gateway's additions, the path once more and the client's addresses, make the head larger
/// than a server reads. The client is told, before the upstream could answer with a bare refusal.
pub(in crate::upstream) fn prepare(
    outgoing: &Outgoing<'_>,
    framing: Framing,
    host: &[u8],
    traceparent: &[u8],
) -> Result<Bytes, Fault> {
    let request = outgoing.request;
    let (method, target) = (outgoing.method.as_str(), outgoing.target.as_str());
    if let Some(vary) = outgoing.stored {
        let marks = Marks {
            request_id: outgoing.request_id.as_str(),
            traceparent,
        };
        let target = (target, host);
        return Ok(prepare_stored(request, target, vary, &marks));
    }
    let mut head = Head::new(method, target, host);
    let connection =
        headers::ConnectionOptions::new(request.headers().get_all(CONNECTION).map(AsRef::as_ref));
    for (name, value) in request.headers() {
        let text = name.as_str();
        if connection.lets_through(text)
            && !headers::is_withheld(text)
            && !outgoing.trace.drops(text)
        {
            if text == "cookie" && own_cookie::has(value.as_bytes()) {
                if let Some(others) = own_cookie::without(value.as_bytes()) {
                    head.field(text, &others);
                }
            } else {
                head.field(text, value.as_bytes());
            }
        }
    }
    let arrival = Arrival::of(request, outgoing.scheme, outgoing.trusted_proxies);
    arrival.write(request.path(), &mut head);
    head.field("via", via::of_request(request.version()).as_bytes());
    let id = outgoing.request_id.as_str();
    head.field(headers::X_REQUEST_ID, id.as_bytes());
    head.field(headers::TRACEPARENT, traceparent);
    if outgoing.was_sent {
        head.field(headers::X_DEFERRED_SENT, b"1");
    }
    if let Some(not_before) = outgoing.not_before {
        let text = not_before.to_string();
        head.field(headers::X_DEFERRED_NOT_BEFORE, text.as_bytes());
    }
    if outgoing.handshake.is_some() {
        head.field("connection", b"Upgrade");
        head.field("upgrade", WEBSOCKET.as_bytes());
    }
    match framing {
        Framing::None => {}
        Framing::Length(length) => {
            let mut number = itoa::Buffer::new();
            head.field("content-length", number.format(length).as_bytes());
        }
        Framing::Chunked => head.field("transfer-encoding", b"chunked"),
    }
    let head = head.end();
    if head.len() > LARGEST {
        return Err(Fault::Client(ClientFault::HeadTooLarge));
    }
    Ok(head)
}
