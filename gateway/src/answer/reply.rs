//! The gateway's own answers to requests that it does not pass on or that got no answer: the
//! problem for the client, the cause for the log.

use actix_web::http::header::{ALLOW, HeaderValue, RETRY_AFTER};
use actix_web::http::{ConnectionType, Method};
use actix_web::{HttpRequest, HttpResponse};
use log::Level;
use service_kit::observe::lang_of;
use shared_types::problem::{Code, Occurrence};

use crate::answer::problem;
use crate::answer::record::Record;
use crate::fault::refusal::Refusal;
use crate::fault::{Fault, NoRoom, UpstreamFault};
use crate::resilience::rate::Exceeded;
use crate::upstream::Upstream;

/// The gateway's own answer to one request.
pub(crate) struct Reply<'a> {
    request: &'a HttpRequest,
    record: &'a Record,
}

impl<'a> Reply<'a> {
    pub(crate) fn to(request: &'a HttpRequest, record: &'a Record) -> Self {
        Self { request, record }
    }

    pub(crate) fn problem(&self, code: Code) -> HttpResponse {
        self.problem_of(code, None)
    }

    /// Refuses a request that turned out to be malformed.
    pub(crate) fn no_request(&self, refusal: Refusal) -> HttpResponse {
        let id = self.record.request_id.as_str();
        log::info!(request_id = id; "refused: {}", refusal.cause());
        self.problem(refusal.code())
    }

    pub(crate) fn other_method(&self, allow: &HeaderValue) -> HttpResponse {
        let mut response = if *self.request.method() == Method::OPTIONS {
            HttpResponse::NoContent().finish()
        } else {
            self.problem(Code::MethodNotAllowed)
        };
        response.headers_mut().insert(ALLOW, allow.clone());
        response
    }

    /// Refuses a request beyond a quota. The server closes the connection only if there is a body,
    /// so that a client that waits as told need not connect again.
    pub(crate) fn too_many(&self, exceeded: &Exceeded<'_>) -> HttpResponse {
        let mut response = self.problem(Code::RateLimited);
        exceeded.write(response.headers_mut());
        response
    }

    /// Logs the cause, and notes the drill that caused it. `upstream` is the one that should have
    /// answered.
    pub(crate) fn log(&self, fault: &Fault, upstream: Option<&Upstream>) {
        let id = self.record.request_id.as_str();
        let route = self.record.route.as_ref().map_or("-", |route| &*route.path);
        let name = upstream.map_or("-", |upstream| &**upstream.name());
        if let Some(mode) = fault.drill() {
            self.record.drill.set(Some(mode));
        }
        match fault {
            Fault::Upstream { cause, .. } => {
                // The open circuit itself was logged once, as a warning.
                let level = if fault.was_sent() {
                    Level::Warn
                } else {
                    Level::Info
                };
                log::log!(level, upstream = name, route = route, request_id = id; "{cause}");
            }
            Fault::ShareUsed => {
                log::info!(
                    upstream = name, route = route, request_id = id;
                    "not asked: the client has used its share of the requests under way"
                );
            }
            Fault::NoRoom(reason) => {
                let cause = match reason {
                    NoRoom::Budget => "limits.memory is used up",
                    NoRoom::Share => "the client has used its share of limits.memory",
                };
                log::info!(upstream = name, route = route, request_id = id; "there is no room for a body: {cause}");
            }
            Fault::Loop => {
                log::warn!(upstream = name, route = route, request_id = id; "the request keeps coming back to this gateway");
            }
            Fault::Internal(cause) => {
                log::error!(route = route, request_id = id; "{cause}");
            }
            Fault::Client(_) => {}
        }
    }

    /// Logs the cause and tells the client what it may know.
    pub(crate) fn fault(&self, fault: &Fault, upstream: Option<&Upstream>) -> HttpResponse {
        self.log(fault, upstream);
        let at_fault = match fault {
            Fault::Upstream { fault, .. } => upstream.map(|upstream| (upstream, *fault)),
            Fault::ShareUsed
            | Fault::NoRoom(_)
            | Fault::Loop
            | Fault::Internal(_)
            | Fault::Client(_) => None,
        };
        let mut response = self.problem_of(fault.code(), at_fault);
        if let Some(seconds) = fault.retry_after() {
            response.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
        if matches!(fault, Fault::Client(_)) {
            // The rest of the request's body cannot be told from a next request.
            response
                .head_mut()
                .set_connection_type(ConnectionType::Close);
        }
        response
    }

    fn problem_of(&self, code: Code, at_fault: Option<(&Upstream, UpstreamFault)>) -> HttpResponse {
        let lang = lang_of(self.request);
        let occurrence = Occurrence {
            lang,
            instance: self.request.uri().path(),
            request_id: self.record.request_id.as_str(),
        };
        let method = self.request.method();
        let detail = at_fault.map(|(upstream, fault)| {
            fault
                .detail(&upstream.settings.label, method)
                .to(lang)
                .to_owned()
        });
        let service = at_fault.map(|(upstream, _)| &**upstream.name());
        problem::answer(code, detail, service, occurrence)
    }
}
