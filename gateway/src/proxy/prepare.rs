//! The request as the upstream gets it.

use actix_web::http::header::CONNECTION;
use http::header as field;

use super::convert;
use super::forwarding::Arrival;
use super::framing::Framing;
use super::upload::Upload;
use super::{Outgoing, headers, via};
use crate::fault::Fault;

pub(super) fn prepare(
    outgoing: &Outgoing<'_>,
    framing: Framing,
    body: Upload,
) -> Result<http::Request<Upload>, Fault> {
    let request = outgoing.request;
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
            || outgoing.withheld.contains(name)
        {
            continue;
        }
        if let Some((name, value)) = convert::field_to_hyper((name, value)) {
            fields.append(name, value);
        }
    }
    let arrival = Arrival::of(request, outgoing.scheme, outgoing.trusted_proxies);
    arrival.write(request.path(), &mut fields);
    fields.append(field::VIA, via::of_request(request.version()));
    for (name, value) in [
        (
            &headers::X_REQUEST_ID,
            outgoing.request_id.as_str().as_bytes(),
        ),
        (&headers::TRACEPARENT, outgoing.trace.traceparent()),
    ] {
        if let Ok(value) = http::HeaderValue::from_bytes(value) {
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
    *prepared.method_mut() = convert::method(outgoing.method)
        .ok_or_else(|| Fault::Internal("a method that hyper does not take".to_owned()))?;
    *prepared.uri_mut() = outgoing.target.clone().into();
    *prepared.headers_mut() = fields;
    Ok(prepared)
}
