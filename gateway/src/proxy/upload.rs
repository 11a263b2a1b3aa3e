//! A client's body on its way to the upstream: streamed, counted, and cut where it is too large.

use std::cell::Cell;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use bytes::Bytes;
use futures_util::Stream as _;
use prometheus::IntCounter;

use super::pieces::Pieces;
use crate::fault::ClientFault;
use crate::held::Held;
use crate::link::Link;

/// How far a body has come. Kept outside the body, which the exchange owns: when that fails, this says whose fault it
/// was.
#[derive(Clone, Debug, Default)]
pub(super) struct Progress {
    state: Rc<Cell<State>>,
    /// The client's connection, which is told that the body is wanted.
    link: Option<Rc<Link>>,
    /// Counts its bytes.
    received: Option<IntCounter>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// Nobody waits for the client: there is no body, the upstream has yet to take a piece of it, or has it all.
    #[default]
    Settled,
    /// The upstream could take more than the client has sent.
    Awaited,
    Failed(ClientFault),
}

impl Progress {
    pub(super) fn of(link: Option<&Rc<Link>>, received: &IntCounter) -> Self {
        Self {
            state: Rc::default(),
            link: link.cloned(),
            received: Some(received.clone()),
        }
    }

    fn await_client(&self) {
        self.state.set(State::Awaited);
        if let Some(link) = &self.link {
            link.want_body();
        }
    }

    /// A piece of the body, or its end, has come.
    fn settle(&self) {
        self.state.set(State::Settled);
        if let Some(link) = &self.link {
            link.take_body();
        }
    }

    fn fault_of(&self, error: &PayloadError) -> ClientFault {
        // Over HTTP/1 the connection was ended on the client, which looks like a body that ends too early.
        let has_stalled = self.link.as_ref().is_some_and(|link| link.has_stalled());
        match error {
            PayloadError::Io(error) if error.kind() == io::ErrorKind::TimedOut => {
                ClientFault::TooSlow
            }
            _ if has_stalled => ClientFault::TooSlow,
            _ => ClientFault::Malformed,
        }
    }

    /// Whether the client is the one who is waited for.
    pub(super) fn is_awaited(&self) -> bool {
        self.state.get() == State::Awaited
    }

    pub(super) fn fault(&self) -> Option<ClientFault> {
        match self.state.get() {
            State::Failed(fault) => Some(fault),
            State::Settled | State::Awaited => None,
        }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the client's body could not be taken in")]
pub(super) struct Interrupted;

pub(super) struct Upload {
    /// What has come before any of it was sent. Boxed, since it is seldom there and moved with every request.
    ahead: Option<Box<Pieces>>,
    source: Source,
    /// Bytes that may still come.
    allowance: u64,
    /// They must come, too: the client has announced them.
    is_sized: bool,
    progress: Progress,
}

enum Source {
    /// The request has no body.
    None,
    Client(Payload),
    /// It is here already, so that it can be sent again. Nothing is left of it but its end.
    Kept(Option<Bytes>),
}

impl Upload {
    pub(super) fn none() -> Self {
        Self {
            ahead: None,
            source: Source::None,
            allowance: 0,
            is_sized: true,
            progress: Progress::default(),
        }
    }

    /// A body that has arrived already. In chunks, it is sent as one.
    pub(super) fn kept(body: Bytes, is_chunked: bool) -> Self {
        Self {
            ahead: None,
            allowance: body.len() as u64,
            source: Source::Kept(Some(body)),
            is_sized: !is_chunked,
            progress: Progress::default(),
        }
    }

    /// A body of exactly `length` bytes.
    pub(super) fn sized(payload: Payload, length: u64, progress: Progress) -> Self {
        Self {
            ahead: None,
            source: Source::Client(payload),
            allowance: length,
            is_sized: true,
            progress,
        }
    }

    /// A body of at most `limit` bytes.
    pub(super) fn chunked(payload: Payload, limit: u64, progress: Progress) -> Self {
        Self {
            ahead: None,
            source: Source::Client(payload),
            allowance: limit,
            is_sized: false,
            progress,
        }
    }

    fn fail(&self, fault: ClientFault) -> Poll<Option<Result<Bytes, Interrupted>>> {
        self.progress.state.set(State::Failed(fault));
        Poll::Ready(Some(Err(Interrupted)))
    }

    pub(super) fn poll_piece(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Interrupted>>> {
        if let Some(piece) = self.ahead.as_mut().and_then(|ahead| ahead.pop()) {
            return Poll::Ready(Some(Ok(piece)));
        }
        let payload = match &mut self.source {
            Source::None => return Poll::Ready(None),
            Source::Client(payload) => payload,
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
                Poll::Ready(None)
            }
            Poll::Ready(Some(Err(error))) => self.fail(self.progress.fault_of(&error)),
            Poll::Ready(Some(Ok(chunk))) => match self.allowance.checked_sub(chunk.len() as u64) {
                None => self.fail(ClientFault::TooLarge),
                Some(left) => {
                    self.allowance = left;
                    if let Some(received) = &self.progress.received {
                        received.inc_by(chunk.len() as u64);
                    }
                    self.progress.settle();
                    Poll::Ready(Some(Ok(chunk)))
                }
            },
        }
    }

    /// Whether no more is to come, as far as is known.
    pub(super) fn is_over(&self) -> bool {
        let is_over = match self.source {
            Source::None => true,
            Source::Client(_) | Source::Kept(_) => self.is_sized && self.allowance == 0,
        };
        is_over && self.ahead.as_ref().is_none_or(|ahead| ahead.is_empty())
    }

    /// Whether only its end tells how long it is.
    pub(super) fn is_chunked(&self) -> bool {
        !self.is_sized
    }

    /// Waits until the whole body is here, or `most` bytes of it, or as much as may be held. Gives the whole.
    pub(super) async fn gather(
        &mut self,
        most: usize,
        held: &Held,
    ) -> Result<Option<Bytes>, Interrupted> {
        let mut ahead = Pieces::default();
        while !self.is_over() {
            if ahead.size() >= most || !held.has_room() {
                self.ahead = Some(Box::new(ahead));
                return Ok(None);
            }
            match poll_fn(|context| self.poll_piece(context)).await {
                Some(piece) => ahead.push(held.hold(piece?)),
                None => break,
            }
        }
        Ok(Some(ahead.join()))
    }
}
