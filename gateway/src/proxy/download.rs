//! An upstream's body on its way to the client: streamed, held against the deadline.
//!
//! Whatever ends it early is an error, on which the server breaks the connection: a broken body is never passed
//! off as whole.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use actix_web::body::{BodySize, MessageBody};
use actix_web::web::Bytes;
use service_kit::program::chain;

use super::deadline::{Deadline, Passed};
use super::exchange::{Exchange, Failure};
use super::sending::Unsent;
use crate::guard::{Guard, Permit};

#[derive(Debug, thiserror::Error)]
pub(super) enum Broken {
    #[error("the upstream's body did not end within the deadline")]
    Late,
    #[error("the upstream's body broke off")]
    Upstream(#[source] Failure),
}

/// Holds the connection until the body's end, so that it is closed when nobody wants the rest.
pub(super) struct Download {
    exchange: Option<Exchange>,
    length: Option<u64>,
    /// The permit, and whose circuit is told when the body breaks off.
    held: (Permit, Arc<Guard>, usize),
    deadline: Deadline,
    /// What is told next: what has come before it is to be sent first.
    broken: Option<Broken>,
}

impl Download {
    /// A body that is not over yet.
    pub(super) fn new(
        exchange: Exchange,
        length: Option<u64>,
        deadline: Deadline,
        held: (Permit, Arc<Guard>, usize),
    ) -> Self {
        Self {
            exchange: Some(exchange),
            length,
            held,
            deadline,
            broken: None,
        }
    }

    fn end(&mut self) {
        if let Some(exchange) = self.exchange.take() {
            exchange.end();
        }
    }

    fn break_off(
        &mut self,
        broken: Broken,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Broken>>> {
        self.exchange = None;
        // That the client's own body ended too early is not the upstream's doing.
        if !matches!(broken, Broken::Upstream(Failure::Unsent(Unsent::Body(_)))) {
            let (_, guard, circuit) = &self.held;
            guard.broke_off(*circuit, &chain(&broken));
        }
        self.broken = Some(broken);
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

impl MessageBody for Download {
    type Error = Broken;

    fn size(&self) -> BodySize {
        self.length.map_or(BodySize::Stream, BodySize::Sized)
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Broken>>> {
        let this = &mut *self;
        let Some(exchange) = &mut this.exchange else {
            return Poll::Ready(this.broken.take().map(Err));
        };
        match exchange.poll_content(context) {
            Poll::Pending => {
                let Passed = ready!(this.deadline.poll(context));
                this.break_off(Broken::Late, context)
            }
            Poll::Ready(Some(Ok(content))) => {
                if exchange.is_over() {
                    this.end();
                } else {
                    // The client is now the one who is waited for.
                    this.held.0.become_transfer();
                }
                Poll::Ready(Some(Ok(content)))
            }
            Poll::Ready(Some(Err(failure))) => this.break_off(Broken::Upstream(failure), context),
            Poll::Ready(None) => {
                this.end();
                Poll::Ready(None)
            }
        }
    }
}
