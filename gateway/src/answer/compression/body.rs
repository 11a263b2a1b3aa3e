//! A body that is compressed as it comes.
//!
//! - Whatever has been read goes out when the upstream pauses, so that a slow answer does not stall.
//! - An error of the body is passed on after the bytes that came before it. The server then breaks
//!   the answer off, and the client finds no end in it.
//! - Nothing is read that the client has no room for.

use std::error::Error;
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::web::Bytes;

use crate::http::content_coding::Encoder;
use crate::http::pieces::Pieces;
use crate::resilience::memory::Charge;

pub(super) struct Compressed {
    body: BoxBody,
    /// The rest of a large piece: one that is there as a whole is compressed as the client takes it.
    pieces: Pieces,
    /// `None` once the body is over.
    encoder: Option<(Encoder, Charge)>,
    /// The error that is reported after the bytes before it.
    broken: Option<Box<dyn Error>>,
}

impl Compressed {
    pub(super) fn new(body: BoxBody, encoder: Encoder, charge: Charge) -> Self {
        Self {
            body,
            pieces: Pieces::default(),
            encoder: Some((encoder, charge)),
            broken: None,
        }
    }

    fn poll_plain(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Box<dyn Error>>>> {
        match self.pieces.next() {
            Some(piece) => Poll::Ready(Some(Ok(piece))),
            None => Pin::new(&mut self.body)
                .poll_next(context)
                .map_ok(|piece| self.pieces.cut(piece)),
        }
    }

    fn break_off(&mut self, error: Box<dyn Error>) -> Poll<Option<Result<Bytes, Box<dyn Error>>>> {
        self.encoder = None;
        Poll::Ready(Some(Err(error)))
    }
}

impl MessageBody for Compressed {
    type Error = Box<dyn Error>;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let this = &mut *self;
        loop {
            if let Some(error) = this.broken.take() {
                return this.break_off(error);
            }
            if this.encoder.is_none() {
                return Poll::Ready(None);
            }
            let plain = this.poll_plain(context);
            let Some((encoder, _)) = &mut this.encoder else {
                return Poll::Ready(None);
            };
            let is_pending = plain.is_pending();
            let written = match plain {
                Poll::Ready(Some(Ok(piece))) => encoder.write(&piece),
                Poll::Ready(Some(Err(error))) => {
                    this.broken = Some(error);
                    encoder.flush()
                }
                Poll::Pending => encoder.flush(),
                Poll::Ready(None) => {
                    let ended = this.encoder.take().map(|(encoder, _)| encoder.finish());
                    return match ended {
                        Some(Ok(last)) => Poll::Ready(Some(Ok(last))),
                        Some(Err(error)) => this.break_off(error.into()),
                        None => Poll::Ready(None),
                    };
                }
            };
            if let Err(error) = written {
                return this.break_off(error.into());
            }
            let made = encoder.take();
            if !made.is_empty() {
                return Poll::Ready(Some(Ok(made)));
            }
            if is_pending {
                return Poll::Pending;
            }
        }
    }
}
