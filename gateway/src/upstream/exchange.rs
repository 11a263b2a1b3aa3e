//! One request and its answer on one connection (RFC 9112). Both are sent and read at the same
//! time, since an upstream may answer before it has the whole request.

pub(super) mod diagnosis;
pub(super) mod interim;
pub(super) mod send;
pub(super) mod sending;

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf as _, Bytes, BytesMut};
use tokio_util::io::poll_read_buf;

use super::answer::decoder::{Decoded, Decoder};
use super::answer::{self, Answer, Expected, Unsound};
use super::connection::connect::Connection;
use super::connection::pool::{InUse, Lease};
use super::connection::sweep::Sweep;
use super::exchange::interim::Interim;
use super::exchange::sending::{Sending, Unsent};
use super::request::upload::Upload;
use crate::resilience::balance::replica::Outcome;
use crate::resilience::guard::{Evidence, Witness};
use crate::upstream::pieces::Pieces;

/// How much to read at once while a head is awaited: the whole of a usual answer.
pub(super) const READ: usize = 8 * 1024;

#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error(transparent)]
    Unsent(#[from] Unsent),
    #[error("the connection ended too early")]
    Ended,
    #[error("the connection broke")]
    Broke(#[source] io::Error),
    #[error(transparent)]
    Unsound(#[from] Unsound),
    #[error("the body's chunks are malformed")]
    Chunks,
}

impl Failure {
    /// Whether the connection ended or broke, rather than carried something wrong.
    pub(super) fn is_break(&self) -> bool {
        matches!(
            self,
            Self::Unsent(Unsent::Untouched(_)) | Self::Ended | Self::Broke(_)
        )
    }
}

/// One exchange in flight. Dropping it before its end closes the connection.
pub(super) struct Exchange {
    lease: Lease,
    sending: Sending,
    expected: Expected,
    /// Whether a byte of the answer has come.
    has_begun: bool,
    body: Decoder,
    /// Whether the body's framing is malformed.
    is_broken: bool,
    is_last: bool,
    /// How long the upstream keeps the connection open.
    idle: Option<Duration>,
}

impl Exchange {
    pub(super) fn new(lease: Lease, sending: Sending, expected: Expected) -> Self {
        Self {
            lease,
            sending,
            expected,
            has_begun: false,
            body: Decoder::UntilEnd,
            is_broken: false,
            is_last: true,
            idle: None,
        }
    }

    pub(super) fn has_begun(&self) -> bool {
        self.has_begun
    }

    /// Returns the request's body, if nothing of the request was taken.
    pub(super) fn into_body(self) -> Option<Box<Upload>> {
        self.sending.into_body()
    }

    /// Reads the answer's head; then its body can be read. Interim answers before it go to
    /// `interim`.
    pub(super) async fn head(&mut self, interim: &mut Interim<'_>) -> Result<Answer, Failure> {
        let limits = self.lease.limits();
        let mut seen = 0;
        loop {
            let bytes = &mut self.lease.connection.buffer;
            if may_be_whole(bytes, seen)
                && let Some(parsed) = answer::parse(bytes, self.expected, limits)?
            {
                bytes.advance(parsed.size);
                seen = 0;
                let answer = &parsed.answer;
                if answer.status().is_informational() && !answer.is_switch() {
                    interim.relay(&answer.response, parsed.size);
                    continue;
                }
                self.body = parsed.body;
                self.is_last = parsed.is_last;
                self.idle = parsed.idle;
                return Ok(parsed.answer);
            }
            seen = bytes.len();
            if seen >= limits.head {
                return Err(Unsound::TooLarge.into());
            }
            poll_fn(|context| self.poll_more(READ, context)).await?;
        }
    }

    /// The pieces of the body that have been read already: all of it, for a usual small answer.
    pub(super) fn ready(&mut self) -> Pieces {
        let mut pieces = Pieces::default();
        while !self.body.is_over() {
            match self.body.take(&mut self.lease.connection.buffer) {
                Decoded::Content(content) => pieces.push(content),
                Decoded::End | Decoded::More(_) => break,
                Decoded::Broken => {
                    // This is reported once the content before it has been sent.
                    self.is_broken = true;
                    break;
                }
            }
        }
        pieces
    }

    /// The bytes of the body still to come, if their number is known.
    pub(super) fn left(&self) -> Option<u64> {
        match self.body {
            Decoder::Exactly(left) => Some(left),
            Decoder::Chunked(_) | Decoder::UntilEnd => None,
        }
    }

    /// Notes that the answer broke off, which is the replica's fault.
    pub(super) fn broke_off(self) -> Witness {
        self.lease
            .pool()
            .settle(Evidence::Broken, Some(Outcome::Failed))
    }

    /// The sweep that looks after the answers of this connection's pool.
    pub(super) fn sweep(&self) -> &Rc<Sweep> {
        self.lease.sweep()
    }

    /// Polls the next piece of the body.
    pub(super) fn poll_content(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Failure>>> {
        if self.is_broken {
            return Poll::Ready(Some(Err(Failure::Chunks)));
        }
        loop {
            match self.body.take(&mut self.lease.connection.buffer) {
                Decoded::Content(content) => return Poll::Ready(Some(Ok(content))),
                Decoded::End => return Poll::Ready(None),
                Decoded::Broken => return Poll::Ready(Some(Err(Failure::Chunks))),
                Decoded::More(count) => match ready!(self.poll_more(count, context)) {
                    Ok(()) => {}
                    // A failed write has taken the reset away from reading, so this end may not be
                    // a clean one.
                    Err(Failure::Ended) if !self.sending.is_deaf() && self.body.end() => {}
                    Err(failure) => return Poll::Ready(Some(Err(failure))),
                },
            }
        }
    }

    /// Whether the whole body has been read.
    pub(super) fn is_over(&self) -> bool {
        self.body.is_over()
    }

    /// The connection, after an answer that made it a tunnel.
    pub(super) fn into_tunnel(self) -> (Connection, InUse) {
        self.lease.into_parts()
    }

    /// Gives the connection back, unless bytes are left on it or it must be closed.
    pub(super) fn end(self) {
        let is_clean = self.body.is_over()
            && self.sending.is_whole()
            && self.lease.connection.buffer.is_empty();
        if is_clean && !self.is_last {
            self.lease.give_back(self.idle);
        }
    }

    /// Sends what can be sent, and reads.
    fn poll_more(&mut self, count: usize, context: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        let connection = &mut self.lease.connection;
        let transport = Pin::new(&mut connection.transport);
        if let Poll::Ready(Err(unsent)) = self.sending.poll(transport, context) {
            return Poll::Ready(Err(unsent.into()));
        }
        connection.buffer.reserve(count);
        let transport = Pin::new(&mut connection.transport);
        let read = ready!(poll_read_buf(transport, context, &mut connection.buffer));
        Poll::Ready(match read {
            Ok(0) => Err(Failure::Ended),
            Ok(_) => {
                self.has_begun = true;
                Ok(())
            }
            Err(error) => Err(Failure::Broke(error)),
        })
    }
}

/// Whether a head could end in the bytes since `seen`, or already be malformed. It keeps a head
/// that comes byte by byte from being parsed each time.
fn may_be_whole(bytes: &BytesMut, seen: usize) -> bool {
    let fresh = bytes.get(seen.saturating_sub(3)..).unwrap_or_default();
    match seen {
        0 => !bytes.is_empty(),
        _ => fresh.windows(2).any(|two| two == b"\n\n" || two == b"\n\r"),
    }
}

#[cfg(test)]
mod tests {
    use bytes::BytesMut;

    use super::may_be_whole;

    #[test]
    fn a_head_is_parsed_when_it_begins_and_where_it_may_end() {
        let head = BytesMut::from(&b"HTTP/1.1 200 OK\r\nfoo: bar\r\n\r\n"[..]);
        let looked: Vec<_> = (1..=head.len())
            .filter(|length| may_be_whole(&BytesMut::from(&head[..*length]), length - 1))
            .collect();
        assert_eq!(looked, [1, head.len() - 1, head.len()]);
        assert!(!may_be_whole(&BytesMut::new(), 0));
    }
}
