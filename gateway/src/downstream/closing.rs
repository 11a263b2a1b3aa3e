//! Ends a connection: it sends the last bytes, ends the sending side and, if the client may still
//! be sending, reads and drops its bytes for a while (RFC 9112 §9.6). Otherwise the system would
//! answer those bytes with a reset, which takes from the client the part of its answer that it has
//! not read.

use std::future::Future as _;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf as _, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

use crate::http::transport::Transport;

/// Enough time for a client across the world to notice.
pub(super) const LINGER: Duration = Duration::from_secs(2);

/// The most bytes that are read and dropped, however fast the client sends.
const MOST_UNREAD: usize = 16 * 1024 * 1024;

pub(super) struct Closing {
    last_words: Bytes,
    step: Step,
}

enum Step {
    Saying {
        then_lingers: bool,
    },
    Ending {
        then_lingers: bool,
    },
    Lingering {
        may_still_send: bool,
        until: Option<Pin<Box<Sleep>>>,
        allowance: usize,
    },
    Done,
}

impl Closing {
    /// `last_words`, if any, are sent before the end.
    pub(super) fn new(last_words: Bytes, then_lingers: bool) -> Self {
        Self {
            last_words,
            step: Step::Saying { then_lingers },
        }
    }

    /// Whether the end has been sent, after everything before it.
    pub(super) fn has_ended(&self) -> bool {
        matches!(self.step, Step::Lingering { .. } | Step::Done)
    }

    pub(super) fn poll(
        &mut self,
        transport: &mut Transport,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        let mut transport = Pin::new(transport);
        loop {
            match &mut self.step {
                Step::Saying { then_lingers } => {
                    while self.last_words.has_remaining() {
                        let written =
                            ready!(transport.as_mut().poll_write(context, &self.last_words))?;
                        self.last_words.advance(written);
                    }
                    ready!(transport.as_mut().poll_flush(context))?;
                    self.step = Step::Ending {
                        then_lingers: *then_lingers,
                    };
                }
                Step::Ending { then_lingers } => {
                    ready!(transport.as_mut().poll_shutdown(context))?;
                    self.step = Step::Lingering {
                        may_still_send: *then_lingers,
                        until: None,
                        allowance: MOST_UNREAD,
                    };
                }
                Step::Lingering {
                    may_still_send,
                    until,
                    allowance,
                } => {
                    let mut unread = [0; 16 * 1024];
                    let mut unread = ReadBuf::new(&mut unread);
                    let read = transport.as_mut().poll_read(context, &mut unread);
                    let count = unread.filled().len();
                    let is_end = match read {
                        // A client that owes nothing and has sent nothing more is done.
                        Poll::Pending if !*may_still_send => true,
                        Poll::Pending => false,
                        Poll::Ready(Ok(())) => count == 0 || count > *allowance,
                        Poll::Ready(Err(_)) => true,
                    };
                    let until = until.get_or_insert_with(|| Box::pin(sleep(LINGER)));
                    if is_end || until.as_mut().poll(context).is_ready() {
                        self.step = Step::Done;
                    } else if read.is_pending() {
                        return Poll::Pending;
                    } else {
                        *may_still_send = true;
                        *allowance -= count;
                    }
                }
                Step::Done => return Poll::Ready(Ok(())),
            }
        }
    }
}
