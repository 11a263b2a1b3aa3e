//! Writes the access log: one line for every request, when its answer has been sent or has failed.

pub(super) mod span;

use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use actix_web::HttpResponse;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::http::Method;
use actix_web::web::Bytes;
use log::kv::Value;
use service_kit::health;
use service_kit::program::chain;
use service_kit::request_id::RequestId;
use shared_types::gateway::DrillMode;
use shared_types::problem::Code;
use shared_types::value::Timestamp;

use crate::answer::destination::Row;
use crate::answer::problem;
use crate::answer::recent::Seen;
use crate::answer::site::Site;
use crate::fault::degraded::Degraded;
use crate::http::client_connection::ClientConnection;
use crate::http::pieces::Pieces;
use crate::http::trace::Trace;
use crate::metrics::{Ended, Outcome};

/// nginx's status for a client that went away before it had its answer.
const CLIENT_GONE: u16 = 499;

/// Logged when it is dropped, so that a request that the server gives up leaves its line too.
pub(crate) struct Record {
    /// `None` if the bytes were no request.
    method: Option<Method>,
    /// The log names its path, never the client's own text. This bounds the content of a log.
    pub(crate) route: Option<Arc<Row>>,
    pub(crate) upstream: Option<Arc<str>>,
    /// How long upstreams were waited for, up to the heads of their answers. `None` if none was
    /// asked.
    pub(crate) upstream_time: Cell<Option<Duration>>,
    pub(crate) request_id: RequestId,
    /// The client's connection, which learns here that the exchange is over.
    pub(crate) connection: Option<Rc<ClientConnection>>,
    pub(crate) trace: Trace,
    /// The failure drill that caused the answer, if any.
    pub(crate) drill: Cell<Option<DrillMode>>,
    /// Whether it counts and is logged as a client's request. The gateway's own requests do not.
    pub(crate) is_of_client: bool,
    /// The sender, for the operator. `None` for the public.
    pub(crate) asker: Option<&'static str>,
    started: Instant,
    status: u16,
    bytes: u64,
    outcome: Outcome,
    degraded: Option<Degraded>,
    /// The code of the gateway's own problem, if that was the answer.
    code: Option<Code>,
    site: Arc<Site>,
}

/// The answer to bytes that were no request.
pub(crate) struct Refused {
    pub(crate) code: Code,
    /// The size of its body.
    pub(crate) bytes: u64,
}

impl Record {
    pub(crate) fn begin(
        method: Method,
        request_id: RequestId,
        trace: Trace,
        connection: Option<Rc<ClientConnection>>,
        site: &Arc<Site>,
    ) -> Self {
        let mut record = Self::new(request_id, trace, site);
        record.method = Some(method);
        record.connection = connection;
        record
    }

    fn new(request_id: RequestId, trace: Trace, site: &Arc<Site>) -> Self {
        site.metrics.in_flight.inc();
        Self {
            method: None,
            route: None,
            upstream: None,
            upstream_time: Cell::new(None),
            request_id,
            connection: None,
            trace,
            drill: Cell::new(None),
            is_of_client: true,
            asker: None,
            started: Instant::now(),
            status: CLIENT_GONE,
            bytes: 0,
            outcome: Outcome::Gone,
            degraded: None,
            code: None,
            site: Arc::clone(site),
        }
    }

    /// Records bytes that were no request and were answered with a problem.
    pub(crate) fn refused(request_id: RequestId, trace: Trace, answer: Refused, site: &Arc<Site>) {
        let mut record = Self::new(request_id, trace, site);
        record.status = answer.code.status();
        record.code = Some(answer.code);
        record.bytes = answer.bytes;
        record.outcome = Outcome::Complete;
    }

    /// The configuration that answers this request.
    pub(crate) fn site(&self) -> &Site {
        &self.site
    }

    /// Follows the answer to its end.
    pub(crate) fn follow(mut self, response: HttpResponse) -> HttpResponse {
        self.status = response.status().as_u16();
        self.degraded = Degraded::of(response.headers());
        self.code = problem::code_of(&response);
        response.map_body(|_head, body| {
            // A body that nobody will read counts as sent.
            if body.size().is_eof() || self.method == Some(Method::HEAD) {
                self.outcome = Outcome::Complete;
            }
            BoxBody::new(Recorded {
                size: body.size(),
                body,
                pieces: Pieces::default(),
                record: self,
            })
        })
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        if let Some(connection) = &self.connection {
            connection.request_ends();
        }
        // In this case the server has dropped the request.
        if self.outcome == Outcome::Gone && self.site.draining.is_over() {
            self.outcome = Outcome::Draining;
        }
        if self.is_of_client {
            self.report(self.started.elapsed());
        }
        if let Some(span) = self.trace.take_span() {
            self.end_span(span);
        }
        // Last: a gateway that stops waits for this before it ends.
        self.site.metrics.in_flight.dec();
    }
}

impl Record {
    fn report(&self, elapsed: Duration) {
        let metrics = &self.site.metrics;
        if let Some(kind) = self.degraded {
            metrics.degraded(kind);
        }
        self.site.rows.count(
            self.route.as_ref().map(|route| route.number),
            Ended {
                status: self.status,
                is_planned: self.code == Some(Code::Closed),
                seconds: elapsed.as_secs_f64(),
                bytes: self.bytes,
                outcome: self.outcome,
            },
        );
        self.log(elapsed);
        let is_probe = self.route.as_ref().is_some_and(|route| route.is_probe);
        if !is_probe {
            self.site.recent.note(|| self.seen(elapsed));
        }
    }

    fn seen(&self, elapsed: Duration) -> Seen {
        let route = self.route.as_ref();
        Seen {
            at: Timestamp::now(),
            method: self.method.as_ref().map_or("-", Method::as_str).to_owned(),
            route: route.map_or_else(|| "-".into(), |route| Arc::clone(&route.path)),
            status: self.status,
            ms: millis(elapsed),
            upstream: self.upstream.clone(),
            upstream_ms: self.upstream_time.get().map(millis),
            asker: self.asker,
            outcome: self.outcome.as_str(),
            degraded: self.degraded.map(Degraded::as_str),
            code: self.code.map(Code::as_str),
            bytes: self.bytes,
            request_id: self.request_id.as_str().to_owned(),
            trace_id: self.trace.span().map(|_span| self.trace.id().to_owned()),
        }
    }

    fn log(&self, elapsed: Duration) {
        let route = self.route.as_ref().map(|route| &*route.path);
        let upstream_time = self.upstream_time.get();
        log::log!(
            target: "access",
            health::log_level(route),
            method = self.method.as_ref().map_or("-", Method::as_str),
            route = route.unwrap_or("-"),
            status = self.status,
            ms = millis(elapsed),
            upstream = self.upstream.as_deref().unwrap_or("-"),
            upstream_ms = upstream_time.map_or_else(|| Value::from("-"), |time| Value::from(millis(time))),
            bytes = self.bytes,
            outcome = self.outcome.as_str(),
            degraded = self.degraded.map_or("-", Degraded::as_str),
            code = self.code.map_or("-", Code::as_str),
            request_id = self.request_id.as_str(),
            trace_id = self.trace.id();
            ""
        );
    }
}

fn millis(time: Duration) -> f64 {
    time.as_micros() as f64 / 1000.0
}

struct Recorded {
    body: BoxBody,
    pieces: Pieces,
    /// The size of the whole body: a sized body reports what is left of it.
    size: BodySize,
    record: Record,
}

impl MessageBody for Recorded {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        self.size
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let this = &mut *self;
        let polled = match this.pieces.next() {
            Some(piece) => Poll::Ready(Some(Ok(piece))),
            None => Pin::new(&mut this.body)
                .poll_next(context)
                .map_ok(|chunk| this.pieces.cut(chunk)),
        };
        match &polled {
            Poll::Ready(Some(Ok(chunk))) => {
                self.record.bytes += chunk.len() as u64;
                // The server does not poll a body again once it has sent the announced length.
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

#[cfg(test)]
mod tests;
