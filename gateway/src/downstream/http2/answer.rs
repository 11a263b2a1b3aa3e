//! Sends an answer to an HTTP/2 client.
//!
//! hyper drops the fields that HTTP/2 does not have (RFC 9113 §8.2.2) and adds `date`, as
//! actix-http does in HTTP/1. The end of a stream means that a body is complete. So the stream is
//! reset if a body breaks off or is not as long as announced.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use actix_web::HttpResponse;
use actix_web::body::{BodySize, BoxBody, MessageBody as _};
use actix_web::http::StatusCode;
use actix_web::http::header as old;
use actix_web::web::Bytes;
use http::header::CONTENT_LENGTH;
use http_body::{Body, Frame, SizeHint};

use super::activity::InFlight;
use super::convert;
use super::pace::Pace;
use super::piece::Piece;

/// The announced length of the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Announced {
    Nothing,
    Exactly(u64),
    /// The handler's own value: it knows the length of a body that is not sent.
    AsGiven,
}

#[derive(Debug, thiserror::Error)]
pub(super) enum Interrupted {
    /// The cause is in the log already.
    #[error("the answer's body broke off")]
    Broken,
    #[error("the answer's body is not as long as announced")]
    OtherLength,
}

pub(super) struct Outflow {
    body: BoxBody,
    /// The bytes still to come, if their number is known.
    left: Option<u64>,
    pace: Pace,
    in_flight: InFlight,
}

pub(super) fn for_hyper(
    answer: HttpResponse,
    to_head: bool,
    pace: Pace,
    in_flight: InFlight,
) -> http::Response<Outflow> {
    let (answer, body) = answer.into_parts();
    let (status, size) = (answer.status(), body.size());
    let announced = announced(status, size, to_head);
    let is_sent = !to_head && may_have_body(status);
    let left = match size {
        BodySize::Stream if is_sent => None,
        BodySize::Sized(length) if is_sent => Some(length),
        _ => Some(0),
    };
    if left != Some(0) {
        // Until hyper first polls the body, it is the client that leaves no room.
        pace.given();
    }
    let mut converted = http::Response::new(Outflow {
        body,
        left,
        pace,
        in_flight,
    });
    // Both generations of the `http` crate have the same statuses.
    *converted.status_mut() =
        convert::status_to_hyper(status).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
    let fields = converted.headers_mut();
    fields.reserve(answer.headers().len() + 2);
    for (name, value) in answer.headers() {
        if *name == old::CONTENT_LENGTH && announced != Announced::AsGiven {
            continue;
        }
        if let Some((name, value)) = convert::field_to_hyper((name, value)) {
            fields.append(name, value);
        }
    }
    if let Announced::Exactly(length) = announced {
        fields.insert(CONTENT_LENGTH, length.into());
    }
    converted
}

/// The same choice as actix-http makes in HTTP/1.
fn announced(status: StatusCode, size: BodySize, to_head: bool) -> Announced {
    match size {
        _ if status == StatusCode::NOT_MODIFIED => Announced::AsGiven,
        _ if !may_have_body(status) => Announced::Nothing,
        BodySize::None => Announced::Nothing,
        BodySize::Sized(length) => Announced::Exactly(length),
        BodySize::Stream if to_head => Announced::AsGiven,
        BodySize::Stream => Announced::Nothing,
    }
}

/// Whether an answer with this status may have a body (RFC 9110 §6.4.1).
fn may_have_body(status: StatusCode) -> bool {
    !status.is_informational()
        && status != StatusCode::NO_CONTENT
        && status != StatusCode::NOT_MODIFIED
}

impl Outflow {
    fn piece(&self, bytes: Bytes) -> Frame<Piece> {
        Frame::data(Piece {
            bytes,
            pace: self.pace.clone(),
            activity: self.in_flight.activity(),
        })
    }
}

impl Body for Outflow {
    type Data = Piece;
    type Error = Interrupted;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Piece>, Interrupted>>> {
        self.pace.asked();
        let chunk = ready!(Pin::new(&mut self.body).poll_next(context));
        self.pace.given();
        Poll::Ready(match (chunk, self.left) {
            (Some(Err(_logged)), _) => Some(Err(Interrupted::Broken)),
            (Some(Ok(chunk)), None) => Some(Ok(self.piece(chunk))),
            (Some(Ok(chunk)), Some(left)) => match left.checked_sub(chunk.len() as u64) {
                None => Some(Err(Interrupted::OtherLength)),
                left => {
                    self.left = left;
                    Some(Ok(self.piece(chunk)))
                }
            },
            (None, None | Some(0)) => None,
            (None, Some(_)) => Some(Err(Interrupted::OtherLength)),
        })
    }

    fn is_end_stream(&self) -> bool {
        self.left == Some(0)
    }

    fn size_hint(&self) -> SizeHint {
        self.left
            .map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

#[cfg(test)]
mod tests {
    use actix_web::HttpResponse;
    use actix_web::body::{BodySize, BodyStream, BoxBody};
    use actix_web::http::StatusCode;
    use actix_web::http::header::CONTENT_LENGTH;
    use futures_util::stream::empty;
    use http_body::Body as _;

    use super::super::activity::Activity;
    use super::super::pace::Pace;
    use super::{Announced, Bytes, announced, for_hyper};

    #[test]
    fn the_length_is_announced_as_in_http_1() {
        use Announced::{AsGiven, Exactly, Nothing};
        for (status, size, to_head, expected) in [
            (StatusCode::OK, BodySize::Sized(3), false, Exactly(3)),
            (StatusCode::OK, BodySize::Sized(3), true, Exactly(3)),
            (StatusCode::OK, BodySize::Sized(0), false, Exactly(0)),
            (StatusCode::OK, BodySize::Stream, false, Nothing),
            (StatusCode::OK, BodySize::Stream, true, AsGiven),
            (StatusCode::OK, BodySize::None, true, Nothing),
            (StatusCode::NO_CONTENT, BodySize::Sized(0), false, Nothing),
            (StatusCode::NOT_MODIFIED, BodySize::Sized(0), false, AsGiven),
        ] {
            let said = announced(status, size, to_head);
            assert_eq!(said, expected, "{status} {size:?} {to_head}");
        }
    }

    #[test]
    fn an_answer_to_head_keeps_the_length_and_ends_at_once() {
        let body = BodyStream::new(empty::<Result<Bytes, std::io::Error>>());
        let answer = HttpResponse::Ok()
            .insert_header((CONTENT_LENGTH, "1234"))
            .body(BoxBody::new(body));
        let answer = for_hyper(answer, true, Pace::default(), Activity::begin().enter());
        assert_eq!(answer.headers()["content-length"], "1234");
        assert!(answer.body().is_end_stream());
    }
}
