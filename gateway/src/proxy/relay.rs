//! The answer as the client gets it.

use std::convert::Infallible;

use actix_web::body::{self, BodyStream, BoxBody};
use actix_web::http::header::{CONTENT_LENGTH, VIA};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpResponse, web};
use futures_util::stream::empty;

use super::deadline::Deadline;
use super::download::Download;
use super::{Answered, via};

/// The answer as it came: status, end-to-end fields, body.
pub(super) fn relay(answered: Answered, method: &Method, deadline: Deadline) -> HttpResponse {
    let Answered {
        answer,
        exchange,
        permit,
        guard,
        circuit,
    } = answered;
    let is_head = *method == Method::HEAD;
    let status = answer.status();
    let mut response = answer.response;
    let fields = response.headers_mut();
    fields.append(VIA, via::of_answer(answer.is_1_1));
    // The length is then that of the body which a GET would have had (RFC 9110 §8.6).
    if let Some(length) = answer.length
        && (is_head || status == StatusCode::NOT_MODIFIED)
    {
        fields.insert(CONTENT_LENGTH, length.into());
    }
    if !exchange.is_over() {
        let held = (permit, guard, circuit);
        let download = Download::new(exchange, answer.length, deadline, held);
        return response.set_body(BoxBody::new(download));
    }
    exchange.end();
    if is_head {
        withhold(response)
    } else {
        response
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
