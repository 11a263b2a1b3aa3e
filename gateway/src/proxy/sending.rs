//! A request on its way to the upstream, piece by piece as the connection takes them.
//!
//! An upstream may answer early and stop reading, as with a 413. A write that fails is therefore no failure of the
//! exchange: what is left goes nowhere, and reading decides. What follows is the answer, or the end of the connection.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, Bytes};
use tokio::io::AsyncWrite;

use super::upload::{Interrupted, Upload};

const LINE_END: Bytes = Bytes::from_static(b"\r\n");
const LAST_CHUNK: Bytes = Bytes::from_static(b"0\r\n\r\n");

pub(super) struct Sending {
    /// What is to be written next: the head, a chunk's size, content, what follows it. The head goes together with as
    /// much of the body as is there.
    pieces: [Bytes; 4],
    body: Upload,
    is_flushed: bool,
    /// Something was written.
    has_begun: bool,
    /// The upstream has stopped reading.
    is_deaf: bool,
}

#[derive(Debug)]
pub(super) enum Unsent {
    /// The client's body did not come.
    Body(Interrupted),
    /// The connection took nothing at all: the request is as it was.
    Untouched(io::Error),
}

impl Sending {
    /// `head` is the whole of it.
    pub(super) fn new(head: Bytes, body: Upload) -> Self {
        Self {
            pieces: [head, Bytes::new(), Bytes::new(), Bytes::new()],
            body,
            is_flushed: false,
            has_begun: false,
            is_deaf: false,
        }
    }

    pub(super) fn is_over(&self) -> bool {
        self.is_flushed
    }

    pub(super) fn is_deaf(&self) -> bool {
        self.is_deaf
    }

    /// Ready once all is sent, or nothing more can be.
    pub(super) fn poll(
        &mut self,
        mut to: Pin<&mut impl AsyncWrite>,
        context: &mut Context<'_>,
    ) -> Poll<Result<(), Unsent>> {
        while !self.is_flushed {
            let is_waiting = self.fill(context)?;
            if self.is_empty() {
                ready!(self.flush(to.as_mut(), context));
                if is_waiting {
                    return Poll::Pending;
                }
                self.is_flushed = self.body.is_over();
                continue;
            }
            match ready!(self.write(to.as_mut(), context)) {
                Ok(count @ 1..) => self.advance(count),
                Err(error) if !self.has_begun => {
                    return Poll::Ready(Err(Unsent::Untouched(error)));
                }
                Ok(0) | Err(_) => self.give_up(),
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Takes the next piece of the body, where there is room for it. Gives whether the client is waited for.
    fn fill(&mut self, context: &mut Context<'_>) -> Result<bool, Unsent> {
        let [_head, size, content, end] = &mut self.pieces;
        if self.body.is_over() || !content.is_empty() || !end.is_empty() {
            return Ok(false);
        }
        let is_chunked = self.body.is_chunked();
        match self.body.poll_piece(context) {
            Poll::Pending => return Ok(true),
            Poll::Ready(Some(Err(interrupted))) => return Err(Unsent::Body(interrupted)),
            // A chunk of nothing would be the last one.
            Poll::Ready(Some(Ok(piece))) if piece.is_empty() => {}
            Poll::Ready(Some(Ok(piece))) => {
                if is_chunked {
                    *size = format!("{:x}\r\n", piece.len()).into();
                    *end = LINE_END;
                }
                *content = piece;
            }
            Poll::Ready(None) if is_chunked => *end = LAST_CHUNK,
            Poll::Ready(None) => {}
        }
        Ok(false)
    }

    fn is_empty(&self) -> bool {
        self.pieces.iter().all(Bytes::is_empty)
    }

    fn write(
        &self,
        to: Pin<&mut impl AsyncWrite>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        let [head, rest @ ..] = &self.pieces;
        if rest.iter().all(Bytes::is_empty) {
            return to.poll_write(context, head);
        }
        let slices = self.pieces.each_ref().map(|piece| IoSlice::new(piece));
        if to.is_write_vectored() {
            return to.poll_write_vectored(context, &slices);
        }
        let first = self.pieces.iter().find(|piece| !piece.is_empty());
        to.poll_write(context, first.map_or(&[], |first| first))
    }

    fn advance(&mut self, mut count: usize) {
        self.has_begun = true;
        for piece in &mut self.pieces {
            let here = count.min(piece.len());
            piece.advance(here);
            count -= here;
        }
    }

    fn flush(&mut self, to: Pin<&mut impl AsyncWrite>, context: &mut Context<'_>) -> Poll<()> {
        if ready!(to.poll_flush(context)).is_err() {
            self.give_up();
        }
        Poll::Ready(())
    }

    fn give_up(&mut self) {
        self.pieces = [const { Bytes::new() }; 4];
        self.body = Upload::none();
        self.is_deaf = true;
    }
}
