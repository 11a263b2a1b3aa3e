//! An upstream's body on its way to the client: streamed, held against its declared length and the deadline.
//!
//! Whatever ends it early is an error, on which the server breaks the connection: a broken body is never passed
//! off as whole.

use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use actix_web::body::{BodySize, MessageBody};
use actix_web::web::Bytes;
use awc::ClientResponse;
use futures_util::Stream as _;
use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep, sleep_until};

#[derive(Debug, thiserror::Error)]
pub(super) enum Broken {
    #[error("the upstream's body did not end within the deadline")]
    Late,
    #[error("the upstream's body ended {missing} bytes early")]
    Short { missing: u64 },
    #[error("the upstream's body broke off")]
    Upstream(#[source] awc::error::PayloadError),
}

pin_project! {
    pub(super) struct Download {
        #[pin]
        answer: ClientResponse,
        length: Option<u64>,
        received: u64,
        #[pin]
        deadline: Sleep,
    }
}

impl Download {
    pub(super) fn new(answer: ClientResponse, length: Option<u64>, deadline: Instant) -> Self {
        Self {
            answer,
            length,
            received: 0,
            deadline: sleep_until(deadline),
        }
    }
}

impl MessageBody for Download {
    type Error = Broken;

    fn size(&self) -> BodySize {
        self.length.map_or(BodySize::Stream, BodySize::Sized)
    }

    fn poll_next(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Broken>>> {
        let this = self.project();
        let chunk = match this.answer.poll_next(context) {
            Poll::Pending => {
                ready!(this.deadline.poll(context));
                return Poll::Ready(Some(Err(Broken::Late)));
            }
            Poll::Ready(chunk) => chunk,
        };
        match chunk {
            Some(Ok(chunk)) => {
                *this.received += chunk.len() as u64;
                Poll::Ready(Some(Ok(chunk)))
            }
            Some(Err(error)) => Poll::Ready(Some(Err(Broken::Upstream(error)))),
            None => match this
                .length
                .and_then(|length| length.checked_sub(*this.received))
            {
                Some(missing @ 1..) => Poll::Ready(Some(Err(Broken::Short { missing }))),
                _ => Poll::Ready(None),
            },
        }
    }
}
