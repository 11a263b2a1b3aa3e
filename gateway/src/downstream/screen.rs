//! Decides which of a client's bytes are passed on: whole heads with a single meaning, and of each
//! body exactly its own bytes. Does no I/O and knows no time.

use super::head::{self, Framing};
use super::lines::Lines;
use crate::fault::refusal::Refusal;
use crate::http::chunks::{Chunks, Taken};
use crate::settings::limits::Limits;

/// Replaces `100-continue`, with the same length. actix-http would answer the original at once,
/// before anybody knows whether the body is wanted.
const DEFERRED: &[u8; 12] = b"100-deferred";

#[derive(Debug)]
pub(super) struct Screen {
    limits: Limits,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Head(Lines),
    Body {
        body: Body,
        is_last: bool,
    },
    /// Any further bytes belong to nobody.
    Closed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Body {
    Length(u64),
    Chunked(Chunks),
    Endless,
}

/// The decision on the bytes that were shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Screened {
    /// This many bytes are passed on.
    pub(super) pass: usize,
    pub(super) rest: Rest,
    /// The last request that is passed on waits for a `100 Continue`, and nothing of its body has
    /// come.
    pub(super) awaits_continue: bool,
    /// Whether a request begins in the bytes that are passed on.
    pub(super) begins: bool,
}

/// The decision on the bytes that are not passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rest {
    /// They are the beginning of a head, and are shown again once there are more. There may be
    /// none.
    Kept,
    /// They are a whole head, which is shown again once the last request has been answered.
    HeldBack,
    /// There are none: a body goes on.
    None,
    /// They are dropped, and so are all that follow: the client must not send more on this
    /// connection.
    Dropped,
    /// They do not begin a request.
    Refused(Refusal),
    /// A body is malformed at this place.
    Broken,
}

impl Rest {
    /// Whether they are a head, complete or not, good or bad.
    pub(super) fn is_head(self) -> bool {
        matches!(self, Self::Kept | Self::HeldBack | Self::Refused(_))
    }
}

impl Screen {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            state: State::Head(Lines::default()),
        }
    }

    /// Whether the client owes the rest of a body.
    pub(super) fn is_within_body(&self) -> bool {
        matches!(self.state, State::Body { .. })
    }

    /// Whether the client has asked for a WebSocket, so that all further bytes are the tunnel's.
    pub(super) fn is_tunnel(&self) -> bool {
        matches!(
            self.state,
            State::Body {
                body: Body::Endless,
                ..
            }
        )
    }

    /// Screens `bytes`, which begin where the last passed-on bytes ended. An expectation in a head
    /// is rewritten in place. At most one head is passed on, and only if the last request has been
    /// answered (`is_free`): actix-http applies a head to the answer that it is writing, even if
    /// that belongs to an earlier request.
    pub(super) fn screen(&mut self, bytes: &mut [u8], mut is_free: bool) -> Screened {
        let mut pass = 0;
        let mut awaits_continue = false;
        let mut begins = false;
        let rest = loop {
            let Some(left) = bytes.get_mut(pass..) else {
                break Rest::None;
            };
            match self.state {
                State::Closed => break Rest::Dropped,
                State::Head(mut lines) => match lines.end(left, &self.limits) {
                    Ok(None) => {
                        self.state = State::Head(lines);
                        break Rest::Kept;
                    }
                    Ok(Some(_)) if !is_free => break Rest::HeldBack,
                    Ok(Some(end)) => match self.begin(left, end) {
                        Ok(expects) => {
                            is_free = false;
                            begins = true;
                            awaits_continue = expects && left.len() == end;
                            pass += end;
                        }
                        Err(refusal) => break self.refuse(refusal),
                    },
                    Err(refusal) => break self.refuse(refusal),
                },
                State::Body { .. } if left.is_empty() => break Rest::None,
                State::Body { body, is_last } => match body.take(left) {
                    BodyTaken::Whole(taken) => {
                        self.state = after(is_last);
                        pass += taken;
                    }
                    BodyTaken::Part(body) => {
                        self.state = State::Body { body, is_last };
                        pass = bytes.len();
                    }
                    BodyTaken::Broken(taken) => {
                        self.state = State::Closed;
                        pass += taken;
                        break Rest::Broken;
                    }
                },
            }
        };
        Screened {
            pass,
            rest,
            awaits_continue,
            begins,
        }
    }

    /// Judges the head in front of `bytes`, which ends at `end`. Returns whether its body waits for
    /// a `100 Continue`.
    fn begin(&mut self, bytes: &mut [u8], end: usize) -> Result<bool, Refusal> {
        let head = head::judge(bytes.get(..end).unwrap_or_default(), &self.limits)?;
        let has_body = head.framing != Framing::Length(0);
        let body = match head.framing {
            Framing::Length(length) => Body::Length(length),
            Framing::Chunked => Body::Chunked(Chunks::new()),
            Framing::Endless => Body::Endless,
        };
        self.state = if has_body {
            State::Body {
                body,
                is_last: head.is_last,
            }
        } else {
            after(head.is_last)
        };
        let Some(expected) = head.expectation.and_then(|place| bytes.get_mut(place)) else {
            return Ok(false);
        };
        expected.copy_from_slice(DEFERRED);
        Ok(has_body)
    }

    fn refuse(&mut self, refusal: Refusal) -> Rest {
        self.state = State::Closed;
        Rest::Refused(refusal)
    }
}

fn after(is_last: bool) -> State {
    if is_last {
        State::Closed
    } else {
        State::Head(Lines::default())
    }
}

enum BodyTaken {
    Whole(usize),
    /// All bytes were taken, and the body goes on.
    Part(Body),
    Broken(usize),
}

impl Body {
    fn take(self, bytes: &[u8]) -> BodyTaken {
        match self {
            Self::Length(left) => match usize::try_from(left) {
                Ok(left) if left <= bytes.len() => BodyTaken::Whole(left),
                _ => BodyTaken::Part(Self::Length(left - bytes.len() as u64)),
            },
            Self::Chunked(mut chunks) => match chunks.take(bytes) {
                Taken::All => BodyTaken::Part(Self::Chunked(chunks)),
                Taken::Whole(taken) => BodyTaken::Whole(taken),
                Taken::Broken(taken) => BodyTaken::Broken(taken),
            },
            Self::Endless => BodyTaken::Part(self),
        }
    }
}

#[cfg(any(fuzzing, test))]
pub(super) mod invariants;
#[cfg(test)]
mod tests;
