//! Writes a request to the upstream, piece by piece as the connection takes them.
//!
//! An upstream may answer early and stop reading, as with a 413. So a failed write does not fail
//! the exchange: the rest is dropped, and reading decides. It yields the answer, or the end of the
//! connection.

use std::io::{self, IoSlice};
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, Bytes};
use tokio::io::AsyncWrite;

use crate::upstream::request::upload::{Interrupted, Upload};

const LINE_END: Bytes = Bytes::from_static(b"\r\n");
const LAST_CHUNK: Bytes = Bytes::from_static(b"0\r\n\r\n");

pub(in crate::upstream) struct Sending {
    /// The next pieces to write: the head, a chunk's size, its content, and what follows it. The
    /// head goes together with the available part of the body.
    pieces: [Bytes; 4],
    body: Option<Box<Upload>>,
    is_flushed: bool,
    /// Whether the body was already polled without result. The first time means nothing: the server
    /// hands over the bytes that it read along with the head only after it has begun the request.
    /// Head and body in one write are half the work for both sides.
    has_waited: bool,
    /// Whether something was written.
    has_begun: bool,
    /// Whether the upstream has stopped reading.
    is_deaf: bool,
}

#[derive(Debug, thiserror::Error)]
pub(in crate::upstream) enum Unsent {
    #[error(transparent)]
    Body(#[from] Interrupted),
    /// The request is untouched.
    #[error("the connection took nothing")]
    Untouched(#[source] io::Error),
}

impl Sending {
    /// `head` is the complete head.
    pub(in crate::upstream) fn new(head: Bytes, body: Option<Box<Upload>>) -> Self {
        Self {
            pieces: [head, Bytes::new(), Bytes::new(), Bytes::new()],
            body,
            is_flushed: false,
            has_waited: false,
            has_begun: false,
            is_deaf: false,
        }
    }

    /// The body, if nothing was written.
    pub(in crate::upstream) fn into_body(self) -> Option<Box<Upload>> {
        self.body
    }

    /// Whether the upstream has been sent all of it.
    pub(in crate::upstream) fn is_whole(&self) -> bool {
        self.is_flushed && !self.is_deaf
    }

    pub(in crate::upstream) fn is_deaf(&self) -> bool {
        self.is_deaf
    }

    /// Ready once everything is sent, or nothing more can be.
    pub(in crate::upstream) fn poll(
        &mut self,
        mut to: Pin<&mut impl AsyncWrite>,
        context: &mut Context<'_>,
    ) -> Poll<Result<(), Unsent>> {
        while !self.is_flushed {
            let is_waiting = self.fill(context)?;
            if is_waiting && !mem::replace(&mut self.has_waited, true) {
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            if self.is_empty() {
                ready!(self.flush(to.as_mut(), context));
                if is_waiting {
                    return Poll::Pending;
                }
                self.is_flushed = self.body.as_ref().is_none_or(|body| body.is_over());
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

    /// Takes the next piece of the body, if there is room for it. Returns whether it waits for the
    /// client.
    fn fill(&mut self, context: &mut Context<'_>) -> Result<bool, Unsent> {
        let [_head, size, content, end] = &mut self.pieces;
        let Some(body) = &mut self.body else {
            return Ok(false);
        };
        if body.is_over() || !content.is_empty() || !end.is_empty() {
            return Ok(false);
        }
        let is_chunked = body.is_chunked();
        match body.poll_piece(context) {
            Poll::Pending => return Ok(true),
            Poll::Ready(Some(Err(interrupted))) => return Err(Unsent::Body(interrupted)),
            // An empty chunk would end the body.
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
        self.body = None;
        self.is_deaf = true;
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::io;
    use std::pin::{Pin, pin};
    use std::task::{Context, Poll};

    use actix_web::dev::Payload;
    use actix_web::error::PayloadError;
    use bytes::Bytes;
    use futures_util::stream;
    use proptest::prelude::*;
    use tokio::io::AsyncWrite;

    use super::{Sending, Unsent, Upload};
    use crate::upstream::request::upload::Progress;

    const HEAD: Bytes = Bytes::from_static(b"POST / HTTP/1.1\r\n\r\n");

    /// Takes at most this many bytes at a time, and breaks after that many.
    struct Narrow {
        got: Vec<u8>,
        at_once: usize,
        breaks_after: usize,
    }

    impl AsyncWrite for Narrow {
        fn poll_write(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            bytes: &[u8],
        ) -> Poll<io::Result<usize>> {
            if self.got.len() >= self.breaks_after {
                return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
            }
            let taken = bytes.get(..self.at_once).unwrap_or(bytes);
            self.got.extend_from_slice(taken);
            Poll::Ready(Ok(taken.len()))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    fn payload(pieces: &[&'static str]) -> Payload {
        let pieces: Vec<Result<_, PayloadError>> = pieces
            .iter()
            .map(|piece| Ok(Bytes::from_static(piece.as_bytes())))
            .collect();
        Payload::Stream {
            payload: Box::pin(stream::iter(pieces)),
        }
    }

    /// The bytes that arrive of a request with this body, and how sending it ends.
    async fn sent(
        body: Option<Upload>,
        at_once: usize,
        breaks_after: usize,
    ) -> (Vec<u8>, Result<bool, Unsent>) {
        let mut narrow = Narrow {
            got: Vec::new(),
            at_once,
            breaks_after,
        };
        let mut sending = Sending::new(HEAD, body.map(Box::new));
        let ended = poll_fn(|context| sending.poll(pin!(&mut narrow), context)).await;
        (narrow.got, ended.map(|()| sending.is_deaf()))
    }

    fn kept(body: &'static [u8], is_chunked: bool) -> Option<Upload> {
        Some(Upload::kept(Bytes::from_static(body), is_chunked))
    }

    fn sized(pieces: &[&'static str], length: u64) -> Option<Upload> {
        let progress = Progress::default();
        Some(Upload::sized(payload(pieces), length, progress))
    }

    fn chunked(pieces: &[&'static str]) -> Option<Upload> {
        let progress = Progress::default();
        Some(Upload::chunked(payload(pieces), 99, progress))
    }

    fn with(body: &str) -> Vec<u8> {
        [&HEAD, body.as_bytes()].concat()
    }

    #[actix_web::test]
    async fn a_body_follows_its_head_in_its_framing() {
        for (body, expected) in [
            (None, ""),
            (kept(b"kept", false), "kept"),
            (kept(b"kept", true), "4\r\nkept\r\n0\r\n\r\n"),
            (kept(b"", true), "0\r\n\r\n"),
            (sized(&["ab", "", "c"], 3), "abc"),
            (chunked(&["ab", "", "c"]), "2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"),
            (chunked(&[]), "0\r\n\r\n"),
        ] {
            let (got, ended) = sent(body, usize::MAX, usize::MAX).await;
            assert_eq!((got, ended.unwrap()), (with(expected), false));
        }
    }

    #[actix_web::test]
    async fn a_connection_that_takes_nothing_leaves_the_request_untouched() {
        let (got, ended) = sent(kept(b"kept", false), 1, 0).await;
        assert!(got.is_empty());
        assert!(matches!(ended, Err(Unsent::Untouched(_))));
    }

    #[actix_web::test]
    async fn bytes_that_an_upstream_no_longer_takes_are_dropped() {
        let (got, ended) = sent(kept(b"kept", false), 5, 5).await;
        assert_eq!(got, HEAD[..5]);
        assert!(ended.unwrap());
    }

    #[actix_web::test]
    async fn a_body_that_is_too_short_or_too_long_is_not_sent_as_complete() {
        for (pieces, length) in [(&["ab"][..], 3), (&["ab", "cd"], 3)] {
            let (_, ended) = sent(sized(pieces, length), usize::MAX, usize::MAX).await;
            assert!(matches!(ended, Err(Unsent::Body(_))));
        }
    }

    proptest! {
        #[test]
        fn a_request_is_the_same_however_much_is_taken_at_once(at_once in 1..40_usize) {
            let body = chunked(&["first", "second piece"]);
            let sent = actix_web::rt::System::new().block_on(sent(body, at_once, usize::MAX));
            let expected = with("5\r\nfirst\r\nc\r\nsecond piece\r\n0\r\n\r\n");
            prop_assert_eq!((sent.0, sent.1.unwrap()), (expected, false));
        }
    }
}
