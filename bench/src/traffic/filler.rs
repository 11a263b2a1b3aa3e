//! A body of any length that takes no memory: it sends the same bytes again and again.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::body::{Body, Bytes, Frame, SizeHint};

/// The size that most programs read or write at once.
const PIECE: usize = 64 * 1024;

static BYTES: [u8; PIECE] = [b'.'; PIECE];

/// How the receiver of a body knows where it ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Framing {
    Length,
    Chunked,
}

pub(crate) struct Filler {
    left: u64,
    framing: Framing,
}

impl Filler {
    pub(crate) fn new(length: u64, framing: Framing) -> Self {
        Self {
            left: length,
            framing,
        }
    }

    pub(crate) fn none() -> Self {
        Self::new(0, Framing::Length)
    }
}

impl Body for Filler {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        let mut piece = Bytes::from_static(&BYTES);
        if let Ok(left) = usize::try_from(self.left) {
            piece.truncate(left);
        }
        self.left -= piece.len() as u64;
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        match self.framing {
            Framing::Length => SizeHint::with_exact(self.left),
            Framing::Chunked => SizeHint::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;
    use hyper::body::Body as _;

    use super::{Filler, Framing, PIECE};

    #[tokio::test]
    async fn a_filler_has_the_length_asked_for() {
        for length in [0, 1, PIECE, PIECE + 1, 3 * PIECE] {
            for framing in [Framing::Length, Framing::Chunked] {
                let body = Filler::new(length as u64, framing).collect().await;
                assert_eq!(body.unwrap().to_bytes().len(), length);
            }
        }
    }

    #[test]
    fn a_filler_tells_its_length_unless_it_is_chunked() {
        let told = |framing| Filler::new(7, framing).size_hint().exact();
        assert_eq!(told(Framing::Length), Some(7));
        assert_eq!(told(Framing::Chunked), None);
    }
}
