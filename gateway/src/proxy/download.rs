//! An upstream's body on its way to the client: streamed, held against the deadline.
//!
//! Whatever ends it early is an error, on which the server breaks the connection: a broken body is never passed
//! off as whole. hyper tells a body that is cut from one that is whole, by its length or its last chunk.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use actix_web::body::{BodySize, MessageBody};
use actix_web::web::Bytes;
use http_body::Body as _;
use hyper::body::Incoming;
use pin_project_lite::pin_project;
use service_kit::program::chain;

use super::deadline::{Deadline, Passed};
use super::pool::Lease;
use crate::guard::{Guard, Pass};

#[derive(Debug, thiserror::Error)]
pub(super) enum Broken {
    #[error("the upstream's body did not end within the deadline")]
    Late,
    #[error("the upstream's body broke off")]
    Upstream(#[source] hyper::Error),
}

pin_project! {
    /// Holds the connection until the body's end, so that it is closed when nobody wants the rest.
    pub(super) struct Download {
        #[pin]
        body: Incoming,
        length: Option<u64>,
        lease: Option<Lease>,
        // A place among what is in flight, and who is told when the body breaks off.
        held: (Pass, Arc<Guard>),
        deadline: Deadline,
    }
}

impl Download {
    pub(super) fn new(
        body: Incoming,
        lease: Lease,
        deadline: Deadline,
        held: (Pass, Arc<Guard>),
    ) -> Self {
        Self {
            length: body.size_hint().exact(),
            body,
            lease: Some(lease),
            held,
            deadline,
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
        let mut this = self.project();
        loop {
            let frame = match this.body.as_mut().poll_frame(context) {
                Poll::Pending => {
                    let Passed = ready!(this.deadline.poll(context));
                    *this.lease = None;
                    this.held.1.broke_off(&Broken::Late.to_string());
                    return Poll::Ready(Some(Err(Broken::Late)));
                }
                Poll::Ready(Some(frame)) => frame,
                Poll::Ready(None) => {
                    if let Some(lease) = this.lease.take() {
                        lease.give_back();
                    }
                    return Poll::Ready(None);
                }
            };
            match frame.map(|frame| frame.into_data()) {
                Ok(Ok(chunk)) => {
                    if this.body.is_end_stream()
                        && let Some(lease) = this.lease.take()
                    {
                        lease.give_back();
                    }
                    return Poll::Ready(Some(Ok(chunk)));
                }
                // The server has no way to send trailers on; RFC 9110 §6.5.1 lets a proxy drop them.
                Ok(Err(_trailers)) => {}
                Err(error) => {
                    *this.lease = None;
                    let broken = Broken::Upstream(error);
                    this.held.1.broke_off(&chain(&broken));
                    return Poll::Ready(Some(Err(broken)));
                }
            }
        }
    }
}
