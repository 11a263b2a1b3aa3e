//! The one line that every request leaves in the log, when its answer has been sent or has failed.

use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use actix_web::HttpResponse;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::http::{Method, StatusCode};
use actix_web::web::Bytes;
use service_kit::health;
use service_kit::program::chain;
use service_kit::request_id::RequestId;

use crate::link::Link;
use crate::trace::Trace;

/// What nginx logs for a client that went away before it had its answer.
const CLIENT_GONE: u16 = 499;

/// Written to the log when it is dropped, so that a request which the server gives up on leaves its line too.
pub(crate) struct Record {
    /// None where what came is no request.
    method: Option<Method>,
    /// The path of the route's row, never what the client wrote: it bounds what can be in a log.
    pub(crate) route: Option<Arc<str>>,
    pub(crate) upstream: Option<Arc<str>>,
    pub(crate) request_id: RequestId,
    /// The client's connection, which is told when the exchange is over.
    pub(crate) link: Option<Rc<Link>>,
    pub(crate) trace: Trace,
    started: Instant,
    status: u16,
    bytes: u64,
    outcome: Outcome,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// The server dropped the exchange: the client has gone.
    Gone,
    /// The upstream's answer broke off.
    Broken,
    Complete,
}

impl Record {
    pub(crate) fn begin(
        method: Method,
        request_id: RequestId,
        trace: Trace,
        link: Option<Rc<Link>>,
    ) -> Self {
        let mut record = Self::new(request_id, trace);
        record.method = Some(method);
        record.link = link;
        record
    }

    fn new(request_id: RequestId, trace: Trace) -> Self {
        Self {
            method: None,
            route: None,
            upstream: None,
            request_id,
            link: None,
            trace,
            started: Instant::now(),
            status: CLIENT_GONE,
            bytes: 0,
            outcome: Outcome::Gone,
        }
    }

    /// What is no request was answered with `bytes` of a problem.
    pub(crate) fn refused(request_id: RequestId, trace: Trace, status: StatusCode, bytes: u64) {
        let mut record = Self::new(request_id, trace);
        record.status = status.as_u16();
        record.bytes = bytes;
        record.outcome = Outcome::Complete;
    }

    /// Goes with the answer to its end.
    pub(crate) fn follow(mut self, response: HttpResponse) -> HttpResponse {
        self.status = response.status().as_u16();
        response.map_body(|_head, body| {
            // A body that nobody will ask for is sent already.
            if body.size().is_eof() || self.method == Some(Method::HEAD) {
                self.outcome = Outcome::Complete;
            }
            BoxBody::new(Recorded {
                size: body.size(),
                body,
                record: self,
            })
        })
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        if let Some(link) = &self.link {
            link.request_ends();
        }
        let micros = self.started.elapsed().as_micros();
        log::log!(
            target: "access",
            health::log_level(self.route.as_deref()),
            method = self.method.as_ref().map_or("-", Method::as_str),
            route = self.route.as_deref().unwrap_or("-"),
            status = self.status,
            ms = micros as f64 / 1000.0,
            upstream = self.upstream.as_deref().unwrap_or("-"),
            bytes = self.bytes,
            outcome = self.outcome.as_str(),
            request_id = self.request_id.as_str(),
            trace_id = self.trace.id();
            ""
        );
    }
}

impl Outcome {
    fn as_str(self) -> &'static str {
        match self {
            Self::Gone => "client_gone",
            Self::Broken => "broken_off",
            Self::Complete => "complete",
        }
    }
}

struct Recorded {
    body: BoxBody,
    /// Of the whole: a body that is there from the start says what is left of it.
    size: BodySize,
    record: Record,
}

impl MessageBody for Recorded {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let polled = Pin::new(&mut self.body).poll_next(context);
        match &polled {
            Poll::Ready(Some(Ok(chunk))) => {
                self.record.bytes += chunk.len() as u64;
                // The server does not ask again for a body whose length it has sent.
                if self.size == BodySize::Sized(self.record.bytes) {
                    self.record.outcome = Outcome::Complete;
                }
            }
            Poll::Ready(Some(Err(error))) => {
                self.record.outcome = Outcome::Broken;
                log::warn!(request_id = self.record.request_id.as_str(); "{}", chain(error.as_ref()));
            }
            Poll::Ready(None) => self.record.outcome = Outcome::Complete,
            Poll::Pending => {}
        }
        polled
    }
}
