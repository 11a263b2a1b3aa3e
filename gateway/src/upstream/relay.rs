//! Makes the client's answer from the upstream's.

pub(super) mod download;
pub(super) mod transfer;
pub(crate) mod tunnel;

use std::cell::RefCell;
use std::convert::Infallible;
use std::rc::Rc;
use std::sync::Arc;

use actix_web::body::{self, BodyStream, BoxBody};
use actix_web::http::header::{CONTENT_LENGTH, VIA};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpResponse, web};
use futures_util::stream::empty;

use super::connection::sweep::Tended;
use super::deadline::Deadline;
use super::exchange::{Exchange, READ};
use super::relay::download::{Download, Whole};
use super::relay::transfer::{MOST_AHEAD, Transfer};
use super::request::upload::Progress;
use super::request::via;
use super::{Answered, Outgoing};
use crate::fault::{Fault, NoRoom};
use crate::resilience::memory::Charge;
use crate::upstream::pieces::Pieces;

/// The wait for the upstream and for the client, with their limits.
pub(super) struct Waiting {
    pub(super) deadline: Deadline,
    pub(super) upload: Progress,
}

/// Returns the answer as it came: status, end-to-end fields, body.
///
/// # Errors
/// There is no room for a body that streams. Only a safe request fails with it: it changed nothing.
pub(super) fn relay(
    answered: Answered,
    outgoing: &Outgoing<'_>,
    waiting: Waiting,
) -> Result<HttpResponse, Fault> {
    let Answered {
        answer,
        mut exchange,
        permit,
    } = answered;
    let is_head = *outgoing.method == Method::HEAD;
    let status = answer.status();
    let mut response = answer.response;
    let fields = response.headers_mut();
    fields.append(VIA, via::of_answer(answer.is_1_1));
    if let Some(handshake) = outgoing.handshake
        && status == StatusCode::SWITCHING_PROTOCOLS
    {
        return tunnel::open(response, (exchange, permit), handshake, outgoing);
    }
    // This is the length of the body that a GET would have had (RFC 9110 §8.6).
    if let Some(length) = answer.length
        && (is_head || status == StatusCode::NOT_MODIFIED)
    {
        fields.insert(CONTENT_LENGTH, length.into());
    }
    if exchange.is_over() {
        exchange.end();
        return Ok(if is_head {
            withhold(response)
        } else {
            response
        });
    }
    let (length, held) = (answer.length, &outgoing.held);
    let ready = if held.has_room_in(outgoing.memory) {
        exchange.ready()
    } else {
        Pieces::default()
    };
    if exchange.is_over() {
        // The connection and the permit are free before the client has taken anything.
        exchange.end();
        return Ok(response.set_body(whole(ready, length, outgoing)));
    }
    let charge = match charge(&exchange, outgoing) {
        Err(reason) if outgoing.method.is_safe() => return Err(reason.into()),
        charge => charge.ok().flatten(),
    };
    let sweep = Rc::clone(exchange.sweep());
    let Waiting { deadline, upload } = waiting;
    let transfer = Transfer::new(
        (exchange, permit, charge),
        ready,
        deadline,
        upload,
        (Arc::clone(&outgoing.upstream.guard), outgoing.circuit),
        held.clone(),
    );
    let transfer = Rc::new(RefCell::new(transfer));
    let waiting: Rc<RefCell<dyn Tended>> = transfer.clone();
    sweep.note(Rc::downgrade(&waiting));
    Ok(response.set_body(BoxBody::new(Download { transfer, length })))
}

/// Charges for the held part of a body that streams. `None` if that is at most the connection's own
/// buffer.
fn charge(exchange: &Exchange, outgoing: &Outgoing<'_>) -> Result<Option<Charge>, NoRoom> {
    let left = exchange.left().and_then(|left| usize::try_from(left).ok());
    let most = left.map_or(MOST_AHEAD, |left| left.min(MOST_AHEAD));
    if most <= READ {
        return Ok(None);
    }
    let mut charge = outgoing.memory.charge(outgoing.client);
    charge.take(most)?;
    Ok(Some(charge))
}

/// The body for an answer that has arrived whole.
fn whole(pieces: Pieces, length: Option<u64>, outgoing: &Outgoing<'_>) -> BoxBody {
    let charge = || outgoing.memory.charge(outgoing.client);
    let body = outgoing.held.hold_answer(pieces.join(), charge);
    if length.is_some() {
        return BoxBody::new(body);
    }
    let mut pieces = Pieces::default();
    if !body.is_empty() {
        pieces.push(body);
    }
    BoxBody::new(Whole { pieces, length })
}

/// Makes the server keep the length of an answer to HEAD and send no body. The body has an unknown
/// length and ends at once. With a known length, a request that the client sends after this one
/// makes the server forget that it answers a HEAD (actix-http 3.20).
pub(crate) fn withhold(mut response: HttpResponse) -> HttpResponse {
    if !response.headers().contains_key(CONTENT_LENGTH) {
        return response.set_body(BoxBody::new(body::None::new()));
    }
    response.head_mut().no_chunking(true);
    response.set_body(BoxBody::new(BodyStream::new(empty::<
        Result<web::Bytes, Infallible>,
    >())))
}
