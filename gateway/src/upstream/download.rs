//! An upstream's body as the server asks for it.
//!
//! Whatever ends it early is an error, on which the server breaks the connection: a broken body is never passed
//! off as whole.

use std::cell::RefCell;
use std::convert::Infallible;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, MessageBody};
use actix_web::web::Bytes;

use super::pieces::Pieces;
use super::transfer::{Broken, Transfer};

/// A body that is still to come.
pub(super) struct Download {
    pub(super) transfer: Rc<RefCell<Transfer>>,
    pub(super) length: Option<u64>,
}

/// A body that has come whole.
pub(super) struct Whole {
    pub(super) pieces: Pieces,
    pub(super) length: Option<u64>,
}

/// An upstream that did not say the length gets an answer that does not say it either.
fn size(length: Option<u64>) -> BodySize {
    length.map_or(BodySize::Stream, BodySize::Sized)
}

impl MessageBody for Download {
    type Error = Broken;

    fn size(&self) -> BodySize {
        size(self.length)
    }

    fn poll_next(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Broken>>> {
        self.transfer.borrow_mut().poll_next(context)
    }
}

impl MessageBody for Whole {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        size(self.length)
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Infallible>>> {
        Poll::Ready(self.pieces.pop().map(Ok))
    }
}
