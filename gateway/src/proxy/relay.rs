//! The answer as the client gets it.

use std::convert::Infallible;

use actix_web::body::{self, BodyStream, BoxBody};
use actix_web::http::header::{CONTENT_LENGTH, HeaderMap, VIA};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpResponse, web};
use futures_util::stream::empty;
use http::header as field;
use http_body::Body as _;

use super::convert;
use super::deadline::Deadline;
use super::download::Download;
use super::{Answered, answer, headers, via};
use crate::cors;
use crate::fault::Fault;

/// The answer as it came: status, end-to-end fields, body.
pub(super) fn relay(
    answered: Answered,
    method: &Method,
    deadline: Deadline,
) -> Result<HttpResponse, Fault> {
    let Answered {
        answer,
        mut lease,
        pass,
        guard,
    } = answered;
    let (head, body) = answer.into_parts();
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
        return Ok(response.set_body(BoxBody::new(Download::new(
            body,
            lease,
            deadline,
            (pass, guard),
        ))));
    }
    lease.give_back();
    Ok(if *method == Method::HEAD {
        withhold(response)
    } else {
        response
    })
}

fn relay_fields(from: &http::HeaderMap, to: &mut HeaderMap) {
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
        if let Some((name, value)) = convert::field_to_actix((name, value)) {
            to.append(name, value);
        }
    }
}

/// Makes the server leave the length of an answer to HEAD as it is and send no body. Said as a body of unknown length
/// that ends at once, since with a known one a request that the client has sent after this one makes the server
/// forget (actix-http 3.20) that it answers a HEAD.
pub(crate) fn withhold(mut response: HttpResponse) -> HttpResponse {
    if !response.headers().contains_key(CONTENT_LENGTH) {
        return response.set_body(BoxBody::new(body::None::new()));
    }
    response.head_mut().no_chunking(true);
    response.set_body(BoxBody::new(BodyStream::new(empty::<
        Result<web::Bytes, Infallible>,
    >())))
}
