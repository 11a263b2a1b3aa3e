//! Streams a client's body to the upstream, counts it, and cuts it off if it is too large.

mod progress;

use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_web::dev::Payload;
use bytes::Bytes;
use futures_util::Stream as _;

use crate::fault::{ClientFault, NoRoom};
use crate::http::client_connection::{BODY_AHEAD, ClientConnection};
use crate::resilience::held::Held;
use crate::resilience::memory::{self, Charge};
use crate::upstream::pieces::Pieces;
pub(in crate::upstream) use progress::Progress;

/// The most of a body that a client of HTTP/2 may send before anything takes it: its stream's
/// window.
const STREAM_WINDOW: usize = 128 * 1024;

#[derive(Debug, thiserror::Error)]
#[error("the client's body could not be read")]
pub(in crate::upstream) struct Interrupted;

/// Why a body is not read.
#[derive(Debug)]
pub(in crate::upstream) enum Stopped {
    Interrupted(Interrupted),
    NoRoom(NoRoom),
}

/// The part of a body that was awaited.
pub(in crate::upstream) enum Gathered {
    Whole(Bytes, Charge),
    /// The rest streams.
    Beginning,
}

/// The pieces that came before anything was sent, and the charge for the whole upload.
struct Ahead {
    pieces: Pieces,
    _charge: Charge,
}

/// A client's body. Once nobody takes it any more, the connection drops the rest.
struct Inflow {
    payload: Payload,
    client: Option<Rc<ClientConnection>>,
}

impl Inflow {
    fn new(payload: Payload, progress: &Progress) -> Self {
        Self {
            payload,
            client: progress.client().cloned(),
        }
    }
}

impl Drop for Inflow {
    fn drop(&mut self) {
        if let Some(client) = &self.client {
            client.leave_body();
        }
    }
}

/// A request's body on its way. A request without a body has none.
pub(in crate::upstream) struct Upload {
    ahead: Option<Ahead>,
    source: Source,
    /// The most bytes that may still come.
    allowance: u64,
    /// Whether all of them must come, because the client has announced them.
    is_sized: bool,
    progress: Progress,
}

enum Source {
    /// All of it was taken.
    None,
    Client(Inflow),
    /// The body has arrived, so that it can be sent again. `None` once it was taken.
    Kept(Option<Bytes>),
}

impl Upload {
    /// A body that has arrived already. If it was chunked, it is sent as one chunk.
    pub(in crate::upstream) fn kept(body: Bytes, is_chunked: bool) -> Self {
        Self {
            ahead: None,
            allowance: body.len() as u64,
            source: Source::Kept(Some(body)),
            is_sized: !is_chunked,
            progress: Progress::default(),
        }
    }

    /// A body of exactly `length` bytes.
    pub(in crate::upstream) fn sized(payload: Payload, length: u64, progress: Progress) -> Self {
        Self {
            ahead: None,
            source: Source::Client(Inflow::new(payload, &progress)),
            allowance: length,
            is_sized: true,
            progress,
        }
    }

    /// A body of at most `limit` bytes.
    pub(in crate::upstream) fn chunked(payload: Payload, limit: u64, progress: Progress) -> Self {
        Self {
            ahead: None,
            source: Source::Client(Inflow::new(payload, &progress)),
            allowance: limit,
            is_sized: false,
            progress,
        }
    }

    fn fail(&self, fault: ClientFault) -> Poll<Option<Result<Bytes, Interrupted>>> {
        self.progress.fail(fault);
        Poll::Ready(Some(Err(Interrupted)))
    }

    pub(in crate::upstream) fn poll_piece(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Interrupted>>> {
        if let Some(piece) = self.ahead.as_mut().and_then(|ahead| ahead.pieces.pop()) {
            return Poll::Ready(Some(Ok(piece)));
        }
        let payload = match &mut self.source {
            Source::None => return Poll::Ready(None),
            Source::Client(inflow) => &mut inflow.payload,
            Source::Kept(body) => {
                let body = body.take();
                self.allowance = 0;
                if body.is_none() {
                    self.source = Source::None;
                }
                return Poll::Ready(body.map(Ok));
            }
        };
        match Pin::new(payload).poll_next(context) {
            Poll::Pending => {
                self.progress.await_client();
                Poll::Pending
            }
            Poll::Ready(None) if self.is_sized && self.allowance > 0 => {
                self.fail(ClientFault::Malformed)
            }
            Poll::Ready(None) => {
                self.progress.settle();
                self.source = Source::None;
                self.ahead = None;
                Poll::Ready(None)
            }
            Poll::Ready(Some(Err(error))) => self.fail(self.progress.fault_of(&error)),
            Poll::Ready(Some(Ok(chunk))) => match self.allowance.checked_sub(chunk.len() as u64) {
                None => self.fail(ClientFault::TooLarge),
                Some(left) => {
                    self.allowance = left;
                    self.progress.count(chunk.len());
                    self.progress.settle();
                    if self.is_sized && left == 0 {
                        self.ahead = None;
                    }
                    Poll::Ready(Some(Ok(chunk)))
                }
            },
        }
    }

    /// Whether no more is to come, as far as is known.
    pub(in crate::upstream) fn is_over(&self) -> bool {
        let is_over = match self.source {
            Source::None => true,
            Source::Client(_) | Source::Kept(_) => self.is_sized && self.allowance == 0,
        };
        is_over
            && self
                .ahead
                .as_ref()
                .is_none_or(|ahead| ahead.pieces.is_empty())
    }

    /// Whether only its end tells its length.
    pub(in crate::upstream) fn is_chunked(&self) -> bool {
        !self.is_sized
    }

    /// Waits for the whole body, for `most` bytes of it, or for as much as its connection may hold.
    /// The held bytes are charged. If the body goes on, the bytes that its connection may hold
    /// meanwhile are charged too.
    pub(in crate::upstream) async fn gather(
        &mut self,
        most: usize,
        held: &Held,
        mut charge: Charge,
    ) -> Result<Gathered, Stopped> {
        let mut pieces = Pieces::default();
        while !self.is_over() {
            if pieces.size() >= most || !held.has_room() {
                charge.take(self.window())?;
                self.ahead = Some(Ahead {
                    pieces,
                    _charge: charge,
                });
                return Ok(Gathered::Beginning);
            }
            match poll_fn(|context| self.poll_piece(context)).await {
                Some(piece) => {
                    let piece = piece?;
                    charge.take(piece.len() + memory::PIECE)?;
                    pieces.push(held.hold(piece));
                }
                None => break,
            }
        }
        Ok(Gathered::Whole(pieces.join(), charge))
    }

    /// The bytes of the body that may be held while it is not taken.
    fn window(&self) -> usize {
        let window = match self.progress.client() {
            Some(_) => BODY_AHEAD,
            None => STREAM_WINDOW,
        };
        let left = usize::try_from(self.allowance).unwrap_or(usize::MAX);
        window.min(left)
    }
}

impl From<Interrupted> for Stopped {
    fn from(interrupted: Interrupted) -> Self {
        Self::Interrupted(interrupted)
    }
}

impl From<NoRoom> for Stopped {
    fn from(reason: NoRoom) -> Self {
        Self::NoRoom(reason)
    }
}
