//! A client's body on its way in. The client is given room for more only as the reader takes what has come.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use actix_web::error::PayloadError;
use actix_web::web::Bytes;
use futures_util::Stream;
use http_body::Body as _;
use hyper::body::Incoming;

pub(super) struct Inflow(pub(super) Incoming);

impl Stream for Inflow {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, PayloadError>>> {
        loop {
            let frame = ready!(Pin::new(&mut self.0).poll_frame(context));
            return Poll::Ready(
                match frame.map(|frame| frame.map(|frame| frame.into_data())) {
                    Some(Ok(Ok(chunk))) => Some(Ok(chunk)),
                    // HTTP/1 leaves them away too; RFC 9110 §6.5.1 allows it.
                    Some(Ok(Err(_trailers))) => continue,
                    Some(Err(error)) => Some(Err(PayloadError::Io(std::io::Error::other(error)))),
                    None if self.0.is_end_stream() => None,
                    // hyper takes a reset without an error (RFC 9113 §8.1) for an end. A server may send one after its
                    // answer; a body that a client cuts off so is not whole.
                    None => Some(Err(PayloadError::Incomplete(None))),
                },
            );
        }
    }
}
