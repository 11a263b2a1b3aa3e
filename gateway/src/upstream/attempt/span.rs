//! The span of one try, by the conventions for HTTP clients. It ends with the head of the answer.
//! What the upstream records is within it.

use std::cell::RefCell;

use actix_web::http::StatusCode;
use service_kit::trace::traceparent::LENGTH;
use service_kit::trace::{OpenSpan, Value, method};

use crate::fault::Fault;
use crate::upstream::Upstream;

/// `None` if the trace is not recorded.
pub(crate) struct TrySpan(RefCell<Option<OpenSpan>>);

impl TrySpan {
    /// `tries` is how often the request was sent before.
    pub(crate) fn of(
        mut span: Option<OpenSpan>,
        (sent, upstream): (&str, &Upstream),
        tries: u32,
    ) -> Self {
        if let Some(span) = &mut span {
            let sent = method(sent);
            span.name(format!("{sent} {}", upstream.name()));
            span.set("http.request.method", sent);
            span.set("service.peer.name", Value::copy(upstream.name()));
            if tries > 0 {
                span.set("http.request.resend_count", tries);
            }
        }
        Self(RefCell::new(span))
    }

    /// The field that makes the upstream's spans part of this one.
    pub(crate) fn traceparent(&self) -> Option<[u8; LENGTH]> {
        self.0.borrow().as_ref().and_then(OpenSpan::traceparent)
    }

    /// Notes the replica that is asked, by its `Host`.
    pub(crate) fn asks(&self, host: &[u8]) {
        if let Some(span) = &mut *self.0.borrow_mut() {
            span.set_server(&String::from_utf8_lossy(host));
        }
    }

    /// Ends it with the status of the answer.
    pub(crate) fn end(self, outcome: Result<StatusCode, &Fault>) {
        let Some(mut span) = self.0.into_inner() else {
            return;
        };
        match outcome {
            Ok(status) => {
                span.set("http.response.status_code", status.as_u16());
                if status.is_client_error() || status.is_server_error() {
                    span.fail(Value::copy(status.as_str()));
                }
            }
            Err(fault) => span.fail(fault.code().as_str()),
        }
    }

    /// Forgets it: the request was not sent.
    pub(crate) fn refused(&self) {
        if let Some(span) = &mut *self.0.borrow_mut() {
            span.discard();
        }
    }
}
