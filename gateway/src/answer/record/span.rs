//! The span of an answer, by the conventions for HTTP servers
//! (<https://opentelemetry.io/docs/specs/semconv/http/http-spans/>). It says nothing of the query,
//! the credentials or the client.

use std::borrow::Cow;

use actix_web::HttpRequest;
use actix_web::http::Method;
use actix_web::http::header::{HOST, HeaderValue};
use service_kit::trace::{OpenSpan, Value, method};
use shared_types::problem::Code;

use super::{CLIENT_GONE, Record};
use crate::fault::degraded::Degraded;
use crate::metrics::Outcome;

/// Says what is known of the request before it is routed.
pub(crate) fn describe(span: &mut OpenSpan, request: &HttpRequest) {
    span.set("url.path", Value::copy(request.path()));
    let host = request.headers().get(HOST).map(HeaderValue::to_str);
    if let Some(Ok(host)) = host {
        span.set_server(host);
    }
}

impl Record {
    /// Ends the span. Probes leave none.
    pub(super) fn end_span(&self, mut span: OpenSpan) {
        let route = self.route.as_deref();
        if route.is_some_and(|route| route.is_probe) {
            span.discard();
            return;
        }
        let sent = method(self.method.as_ref().map_or("", Method::as_str));
        span.set("http.request.method", sent);
        span.name(match route {
            Some(route) => Cow::Owned(format!("{sent} {}", route.path)),
            None => Cow::Borrowed(sent),
        });
        if let Some(route) = route {
            span.set("http.route", Value::copy(&route.path));
        }
        if let Some(upstream) = &self.upstream {
            span.set("passe_plat.upstream", Value::copy(upstream));
        }
        if let Some(degraded) = self.degraded.map(Degraded::as_str) {
            span.set("passe_plat.degraded", degraded);
        }
        // A client that left before its answer began has got no status.
        if self.status != CLIENT_GONE {
            span.set("http.response.status_code", self.status);
        }
        if self.outcome != Outcome::Complete {
            span.fail(self.outcome.as_str());
        } else if self.status >= 500 {
            span.fail(self.code.map_or("upstream_error", Code::as_str));
        }
    }
}
