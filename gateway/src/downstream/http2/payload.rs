//! Reads a client's body. The client gets room for more only as the reader takes its bytes, and may
//! keep the reader waiting only for so long.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use actix_web::error::PayloadError;
use actix_web::web::Bytes;
use futures_util::Stream;
use http_body::{Body as _, Frame};
use hyper::body::Incoming;
use tokio::time::Instant;

use crate::http::grammar::has_blank_ends;
use crate::http::lazy_timer::LazyTimer;
use crate::resilience::min_rate::Allowance;
use crate::settings::limits::Limits;

pub(super) struct Inflow {
    body: Incoming,
    sending: Allowance,
    timer: LazyTimer,
}

impl Inflow {
    pub(super) fn new(body: Incoming, limits: &Limits) -> Self {
        Self {
            body,
            sending: limits.allowance(),
            timer: LazyTimer::default(),
        }
    }
}

impl Stream for Inflow {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, PayloadError>>> {
        let this = &mut *self;
        loop {
            let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(context) else {
                let deadline = this.sending.wait(Instant::now());
                ready!(this.timer.poll_until(deadline, context));
                let stalled = io::Error::from(io::ErrorKind::TimedOut);
                return Poll::Ready(Some(Err(PayloadError::Io(stalled))));
            };
            return Poll::Ready(
                match frame.map(|frame| frame.map(|frame| frame.into_data())) {
                    Some(Ok(Ok(chunk))) => {
                        if !this.sending.is_untouched() {
                            this.sending.moved(chunk.len() as u64, Instant::now());
                        }
                        Some(Ok(chunk))
                    }
                    // Dropped, as in HTTP/1; RFC 9110 §6.5.1 allows it. They must still obey the
                    // rules.
                    Some(Ok(Err(frame))) if !are_sound(&frame) => {
                        Some(Err(PayloadError::Incomplete(None)))
                    }
                    Some(Ok(Err(_trailers))) => continue,
                    Some(Err(error)) => Some(Err(PayloadError::Io(io::Error::other(error)))),
                    None if this.body.is_end_stream() => None,
                    // hyper treats a reset without an error (RFC 9113 §8.1) as an end. A server may
                    // send one after its answer, but a body that a client cuts off so is
                    // incomplete.
                    None => Some(Err(PayloadError::Incomplete(None))),
                },
            );
        }
    }
}

fn are_sound(frame: &Frame<Bytes>) -> bool {
    let mut values = frame
        .trailers_ref()
        .into_iter()
        .flat_map(http::HeaderMap::values);
    values.all(|value| !has_blank_ends(value.as_bytes()))
}
