//! Wraps every request of a service: gives it an id, writes the problem body of a failed one in the
//! client's language, and logs one line.

use std::time::Instant;

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{
    AcceptLanguage, CONTENT_LANGUAGE, CONTENT_TYPE, Header as _, HeaderMap, HeaderName,
    HeaderValue, Quality, VARY,
};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, web};
use shared_types::problem::{Code, MEDIA_TYPE, Occurrence, Problem};
use shared_types::text::Lang;

use crate::failure::Failure;
use crate::health;
use crate::request_id::{self, RequestId};
use crate::trace::{self, OpenSpan, Trace, Tracing, Value};

/// The path that the frontend requested at the gateway. A problem names this path, because the
/// frontend does not know the service's own.
pub const ORIGINAL_PATH: HeaderName = HeaderName::from_static("x-forwarded-uri");

/// The service's name in its log lines.
#[derive(Clone, Copy, Debug)]
pub struct ServiceName(pub &'static str);

/// The facts of a request that are needed after its handler has consumed it.
struct RequestContext {
    id: RequestId,
    trace: Option<Trace>,
    lang: Lang,
    method: String,
    instance: String,
    service: &'static str,
    started: Instant,
}

/// Wraps every service: `App::wrap(from_fn(observe))`.
///
/// # Errors
/// None of its own: a handler's error is already an answer here.
pub async fn observe(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let (context, span) = RequestContext::of(&request);
    request.extensions_mut().insert(context.id.clone());
    if *request.method() == Method::HEAD {
        // Answered like GET (RFC 9110 §9.3.2). The server omits the body: it knows the original
        // method.
        request.head_mut().method = Method::GET;
    }

    let answered = trace::within(context.trace.clone(), next.call(request)).await;
    let mut response = answered?.map_into_boxed_body();
    let failed = failed_code(&response);
    if let Some(code) = failed {
        let problem = context.problem(code, response.response().error());
        context.log_cause(&response);
        response = render(response, &problem, context.lang);
    }
    response
        .headers_mut()
        .insert(request_id::HEADER, context.id.header_value());
    context.log_access(&response, failed);
    if let Some(span) = span {
        context.end_span(span, &response, failed);
    }
    Ok(response)
}

/// The last segment of the path that the client asked, at the gateway if there is one.
#[cfg(feature = "database")]
pub(crate) fn last_segment(request: &actix_web::HttpRequest) -> &str {
    let path = original_path(request.headers()).unwrap_or(request.path());
    let path = path.split('?').next().unwrap_or_default();
    path.rsplit('/').next().unwrap_or_default()
}

fn original_path(headers: &HeaderMap) -> Option<&str> {
    let original = headers.get(ORIGINAL_PATH)?.to_str().ok()?;
    original.starts_with('/').then_some(original)
}

/// The language that the client prefers (RFC 9110 §12.5.4), French if the field is absent or
/// unreadable.
#[must_use]
pub fn lang_of(request: &impl HttpMessage) -> Lang {
    let Ok(accepted) = AcceptLanguage::parse(request) else {
        return Lang::default();
    };
    // A quality of 0 means "not this one" (RFC 9110 §12.4.2).
    let wanted = accepted.iter().filter(|item| item.quality > Quality::ZERO);
    let ranked = AcceptLanguage(wanted.cloned().collect()).ranked();
    let ranked: Vec<String> = ranked.iter().map(ToString::to_string).collect();
    Lang::preferred(ranked.iter().map(String::as_str))
}

impl RequestContext {
    /// Copies the facts: actix-web panics when a clone of the request is held across the routing.
    fn of(request: &ServiceRequest) -> (Self, Option<OpenSpan>) {
        let instance = original_path(request.headers());
        let tracing = request.app_data::<web::Data<Tracing>>();
        let (trace, mut span) = match tracing.and_then(|tracing| tracing.tracer()) {
            None => (Trace::of(request.headers()), None),
            Some(tracer) => {
                let (trace, span) = Trace::recorded(request.headers(), tracer);
                (Some(trace), span)
            }
        };
        if let Some(span) = &mut span {
            // Its route is not known yet, and may never be.
            span.name(trace::method(request.method().as_str()));
            span.set("url.path", Value::copy(request.path()));
        }
        let context = Self {
            id: RequestId::take_over_or_make(request.headers()),
            trace,
            lang: lang_of(request),
            method: request.method().to_string(),
            instance: instance.unwrap_or(request.path()).to_owned(),
            service: request
                .app_data::<web::Data<ServiceName>>()
                .map_or("service", |name| name.0),
            started: Instant::now(),
        };
        (context, span)
    }

    fn problem(&self, code: Code, error: Option<&Error>) -> Problem {
        let failure = error.and_then(|error| error.as_error::<Failure>());
        let fields = failure
            .map(Failure::fields)
            .filter(|fields| !fields.is_empty());
        let detail = match (fields, failure.and_then(Failure::detail)) {
            (Some(fields), _) => Some(fields.sentence(self.lang)),
            (None, Some(detail)) => Some(detail.to(self.lang).to_owned()),
            (None, None) => None,
        };
        let occurrence = Occurrence {
            lang: self.lang,
            instance: &self.instance,
            request_id: self.id.as_str(),
        };
        let mut problem = Problem::new(code, detail, occurrence);
        problem.errors = fields
            .map(|fields| fields.to_problems(self.lang))
            .unwrap_or_default();
        problem.opens_at = failure.and_then(Failure::opens_at);
        problem.limit = failure.and_then(Failure::limit).cloned();
        problem.total = failure.and_then(Failure::total);
        problem
    }

    fn trace_id(&self) -> &str {
        self.trace.as_ref().map_or("-", Trace::id)
    }

    fn log_cause(&self, response: &ServiceResponse<BoxBody>) {
        let Some(error) = response.response().error() else {
            return;
        };
        if response.status().is_server_error() {
            log::error!(service = self.service, request_id = self.id.as_str(), trace_id = self.trace_id(); "{error}");
        } else {
            log::debug!(service = self.service, request_id = self.id.as_str(), trace_id = self.trace_id(); "{error}");
        }
    }

    /// Ends the span by the conventions for HTTP servers. Probes leave none.
    fn end_span(
        &self,
        mut span: OpenSpan,
        response: &ServiceResponse<BoxBody>,
        failed: Option<Code>,
    ) {
        let route = response.request().match_pattern();
        if let Some("/live" | "/ready" | "/metrics") = route.as_deref() {
            span.discard();
            return;
        }
        let (method, status) = (trace::method(&self.method), response.status());
        span.set("http.request.method", method);
        span.set("http.response.status_code", status.as_u16());
        if let Some(route) = &route {
            span.name(format!("{method} {route}"));
            span.set("http.route", Value::copy(route));
        }
        if status.is_server_error() {
            span.fail(failed.unwrap_or(Code::InternalError).as_str());
        }
    }

    fn log_access(&self, response: &ServiceResponse<BoxBody>, failed: Option<Code>) {
        let route = response.request().match_pattern();
        log::log!(
            target: "access",
            health::log_level(route.as_deref()),
            service = self.service,
            method = self.method.as_str(),
            route = route.as_deref().unwrap_or("-"),
            status = response.status().as_u16(),
            ms = self.started.elapsed().as_micros() as f64 / 1000.0,
            code = failed.map_or("-", Code::as_str),
            request_id = self.id.as_str(),
            trace_id = self.trace_id();
            ""
        );
    }
}

/// The code of a failed answer that has no body of its own.
fn failed_code(response: &ServiceResponse<BoxBody>) -> Option<Code> {
    if let Some(error) = response.response().error() {
        let known = error.as_error::<Failure>().map(Failure::code);
        return Some(known.unwrap_or_else(|| code_of_status(response.status().as_u16())));
    }
    let status = response.status();
    let empty = matches!(
        response.response().body().size(),
        BodySize::None | BodySize::Sized(0)
    );
    let failed = status.is_client_error() || status.is_server_error();
    (failed && empty).then(|| code_of_status(status.as_u16()))
}

/// The code of actix-web's own answers, which have a status only.
fn code_of_status(status: u16) -> Code {
    match status {
        404 => Code::RouteNotFound,
        405 => Code::MethodNotAllowed,
        413 => Code::PayloadTooLarge,
        400..=499 => Code::BadRequest,
        _ => Code::InternalError,
    }
}

fn render(
    response: ServiceResponse<BoxBody>,
    problem: &Problem,
    lang: Lang,
) -> ServiceResponse<BoxBody> {
    let own_header = response
        .response()
        .error()
        .and_then(|error| error.as_error::<Failure>())
        .and_then(Failure::header);
    // Strings and numbers always serialise.
    let body = serde_json::to_vec(problem).unwrap_or_default();
    let mut response = response.map_body(|head, _empty| {
        if let Ok(status) = StatusCode::from_u16(problem.status) {
            head.status = status;
        }
        BoxBody::new(body)
    });
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    headers.insert(CONTENT_LANGUAGE, HeaderValue::from_static(lang.tag()));
    headers.append(VARY, HeaderValue::from_static("accept-language"));
    if let Some((name, value)) = own_header {
        headers.insert(name, value);
    }
    response
}
