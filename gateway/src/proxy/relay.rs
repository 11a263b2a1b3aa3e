//! The answer as the client gets it.

use std::cell::RefCell;
use std::convert::Infallible;
use std::rc::Rc;

use actix_web::body::{self, BodyStream, BoxBody};
use actix_web::http::header::{CONTENT_LENGTH, VIA};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpResponse, web};
use futures_util::stream::empty;

use super::deadline::Deadline;
use super::download::{Download, Whole};
use super::pieces::Pieces;
use super::transfer::Transfer;
use super::upload::Progress;
use super::{Answered, Outgoing, via};
use crate::held::Held;

/// Who is waited for, and for how long.
pub(super) struct Waiting {
    pub(super) deadline: Deadline,
    pub(super) upload: Progress,
}

/// The answer as it came: status, end-to-end fields, body.
pub(super) fn relay(answered: Answered, outgoing: &Outgoing<'_>, waiting: Waiting) -> HttpResponse {
    let Answered {
        answer,
        mut exchange,
        permit,
        guard,
        circuit,
    } = answered;
    let is_head = *outgoing.method == Method::HEAD;
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
    if exchange.is_over() {
        exchange.end();
        return if is_head {
            withhold(response)
        } else {
            response
        };
    }
    let (length, held) = (answer.length, &outgoing.held);
    let ready = if held.has_room() {
        exchange.ready()
    } else {
        Pieces::default()
    };
    if exchange.is_over() {
        // The connection and the permit go back before the client has taken anything.
        exchange.end();
        return response.set_body(whole(ready, length, held));
    }
    let sweep = Rc::clone(exchange.sweep());
    let Waiting { deadline, upload } = waiting;
    let transfer = Transfer::new(
        (exchange, permit),
        ready,
        deadline,
        upload,
        (guard, circuit),
        held.clone(),
    );
    let transfer = Rc::new(RefCell::new(transfer));
    sweep.note(&transfer);
    response.set_body(BoxBody::new(Download { transfer, length }))
}

/// A body that has come whole.
fn whole(pieces: Pieces, length: Option<u64>, held: &Held) -> BoxBody {
    let body = held.hold(pieces.join());
    if length.is_some() {
        return BoxBody::new(body);
    }
    let mut pieces = Pieces::default();
    if !body.is_empty() {
        pieces.push(body);
    }
    BoxBody::new(Whole { pieces, length })
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
