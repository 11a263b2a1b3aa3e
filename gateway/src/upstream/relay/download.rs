//! An upstream's body, as the server polls it.
//!
//! Anything that ends it early is an error, on which the server breaks the connection: an
//! incomplete body is never passed off as complete.

use std::cell::RefCell;
use std::convert::Infallible;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, MessageBody};
use actix_web::web::Bytes;

use crate::upstream::pieces::Pieces;
use crate::upstream::relay::transfer::{Broken, Transfer};

/// A body that is still arriving.
pub(in crate::upstream) struct Download {
    pub(in crate::upstream) transfer: Rc<RefCell<Transfer>>,
    pub(in crate::upstream) length: Option<u64>,
}

/// A body that has arrived whole.
pub(in crate::upstream) struct Whole {
    pub(in crate::upstream) pieces: Pieces,
    pub(in crate::upstream) length: Option<u64>,
}

/// Without a length from the upstream, the client gets none either.
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
