//! A client's body on its way to the upstream: streamed, counted, and cut where it is too large.

use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_web::web::{Bytes, Payload};
use futures_util::Stream;

use crate::fault::ClientFault;

/// How far a body has come. Kept outside the stream, which the HTTP client owns: when sending fails, this says
/// whose fault it was.
#[derive(Clone, Debug, Default)]
pub(super) struct Progress(Rc<Cell<State>>);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Arriving,
    Finished,
    Failed(ClientFault),
}

impl Progress {
    pub(super) fn finish(&self) {
        self.0.set(State::Finished);
    }

    pub(super) fn is_finished(&self) -> bool {
        self.0.get() == State::Finished
    }

    pub(super) fn fault(&self) -> Option<ClientFault> {
        match self.0.get() {
            State::Failed(fault) => Some(fault),
            State::Arriving | State::Finished => None,
        }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the client's body could not be taken in")]
pub(super) struct Interrupted;

pub(super) struct Upload {
    payload: Payload,
    /// Bytes that may still come.
    allowance: u64,
    progress: Progress,
}

impl Upload {
    pub(super) fn new(payload: Payload, limit: u64, progress: Progress) -> Self {
        Self {
            payload,
            allowance: limit,
            progress,
        }
    }

    fn fail(&self, fault: ClientFault) -> Poll<Option<Result<Bytes, Interrupted>>> {
        self.progress.0.set(State::Failed(fault));
        Poll::Ready(Some(Err(Interrupted)))
    }
}

impl Stream for Upload {
    type Item = Result<Bytes, Interrupted>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match Pin::new(&mut self.payload).poll_next(context) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(None) => {
                self.progress.finish();
                Poll::Ready(None)
            }
            Poll::Ready(Some(Err(_broken))) => self.fail(ClientFault::Malformed),
            Poll::Ready(Some(Ok(chunk))) => match self.allowance.checked_sub(chunk.len() as u64) {
                None => self.fail(ClientFault::TooLarge),
                Some(left) => {
                    self.allowance = left;
                    Poll::Ready(Some(Ok(chunk)))
                }
            },
        }
    }
}
