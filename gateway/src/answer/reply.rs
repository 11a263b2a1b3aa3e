//! The gateway's own answers to requests that it does not pass on or that got no answer: the
//! problem for the client, the cause for the log.

use std::time::{Duration, UNIX_EPOCH};

use actix_web::http::header::{ALLOW, HeaderValue, HttpDate, RETRY_AFTER};
use actix_web::http::{ConnectionType, Method};
use actix_web::{HttpRequest, HttpResponse};
use log::Level;
use service_kit::observe::lang_of;
use shared_types::problem::{Code, Occurrence, ReachedLimit};
use shared_types::value::Timestamp;

use crate::answer::problem::{self, Facts};
use crate::answer::record::Record;
use crate::fault::refusal::Refusal;
use crate::fault::{Fault, NoRoom, UpstreamFault};
use crate::http::protection::protect;
use crate::resilience::rate::Exceeded;
use crate::settings::size;
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
        self.answer(code, Facts::default())
    }

    /// Refuses a request that turned out to be malformed.
    pub(crate) fn no_request(&self, refusal: Refusal) -> HttpResponse {
        let id = self.record.request_id.as_str();
        log::info!(request_id = id; "refused: {}", refusal.cause());
        self.problem(refusal.code())
    }

    pub(crate) fn other_method(&self, allow: &HeaderValue) -> HttpResponse {
        let mut response = if *self.request.method() == Method::OPTIONS {
            let mut response = HttpResponse::NoContent().finish();
            protect(response.headers_mut());
            response
        } else {
            self.problem(Code::MethodNotAllowed)
        };
        response.headers_mut().insert(ALLOW, allow.clone());
        response
    }

    /// Refuses a request beyond a quota. The server closes the connection only if there is a body,
    /// so that a client that waits as told need not connect again.
    pub(crate) fn too_many(&self, exceeded: &Exceeded<'_>) -> HttpResponse {
        let facts = Facts {
            limit: Some(exceeded.limit()),
            ..Facts::default()
        };
        let mut response = self.answer(Code::RateLimited, facts);
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
        self.at_limit(fault, upstream, self.limit_of(fault, upstream))
    }

    /// The same for a fault whose limit is not the usual one.
    pub(crate) fn at_limit(
        &self,
        fault: &Fault,
        upstream: Option<&Upstream>,
        limit: Option<ReachedLimit>,
    ) -> HttpResponse {
        self.log(fault, upstream);
        let at_fault = match fault {
            Fault::Upstream { fault, .. } => upstream.map(|upstream| (upstream, fault)),
            Fault::ShareUsed
            | Fault::NoRoom(_)
            | Fault::Loop
            | Fault::Internal(_)
            | Fault::Client(_) => None,
        };
        let lang = lang_of(self.request);
        let detail = at_fault.map(|(upstream, fault)| {
            let detail = fault.detail(&upstream.settings.label, self.request.method());
            detail.to(lang).to_owned()
        });
        // No service is at fault if the feature itself is closed.
        let closure = fault.closure();
        let at_fault = at_fault.filter(|_| closure.is_none_or(|closed| closed.is_planned_work));
        let facts = Facts {
            detail,
            service: at_fault.map(|(upstream, _)| &**upstream.name()),
            limit,
        };
        let mut response = self.answer(fault.code(), facts);
        let retry_after = match closure {
            Some(closed) => date(closed.until),
            None => fault.retry_after().map(HeaderValue::from),
        };
        if let Some(retry_after) = retry_after {
            response.headers_mut().insert(RETRY_AFTER, retry_after);
        }
        if matches!(fault, Fault::Client(_)) {
            // The rest of the request's body cannot be told from a next request.
            response
                .head_mut()
                .set_connection_type(ConnectionType::Close);
        }
        response
    }

    /// The limit that the request has reached, by its key.
    fn limit_of(&self, fault: &Fault, upstream: Option<&Upstream>) -> Option<ReachedLimit> {
        let memory = self.record.site().limits.memory;
        let of_upstream = |key: &str, most: fn(&Upstream) -> usize| {
            let upstream = upstream?;
            let name = format!("upstreams.{}.concurrency.{key}", upstream.name());
            Some(ReachedLimit::new(name, most(upstream)))
        };
        match fault {
            Fault::ShareUsed => {
                of_upstream("per_client", |upstream| upstream.settings.gate.per_client)
            }
            Fault::NoRoom(NoRoom::Budget) => {
                Some(ReachedLimit::new("limits.memory", size(memory.most)))
            }
            Fault::NoRoom(NoRoom::Share) => {
                let most = size(memory.per_client);
                Some(ReachedLimit::new("limits.memory_per_client", most))
            }
            Fault::Upstream {
                fault: UpstreamFault::Overloaded,
                ..
            } => of_upstream("requests", |upstream| upstream.guard.limit()),
            Fault::Upstream { .. } | Fault::Client(_) | Fault::Loop | Fault::Internal(_) => None,
        }
    }

    fn answer(&self, code: Code, facts: Facts<'_>) -> HttpResponse {
        let occurrence = Occurrence {
            lang: lang_of(self.request),
            instance: self.request.uri().path(),
            request_id: self.record.request_id.as_str(),
        };
        problem::answer(code, facts, occurrence)
    }
}

/// The moment as a date (RFC 9110 §5.6.7), which knows whole seconds: rounded up, so that whoever
/// comes back then is not early.
fn date(at: Timestamp) -> Option<HeaderValue> {
    let seconds = u64::try_from(at.millis()).ok()?.div_ceil(1000);
    let at = UNIX_EPOCH.checked_add(Duration::from_secs(seconds))?;
    HeaderValue::from_str(&HttpDate::from(at).to_string()).ok()
}

#[cfg(test)]
mod tests {
    use shared_types::value::Timestamp;

    use super::date;

    #[test]
    fn a_date_is_never_before_the_moment() {
        for (millis, expected) in [
            (1_795_353_000_000, "Sun, 22 Nov 2026 13:10:00 GMT"),
            (1_795_353_000_001, "Sun, 22 Nov 2026 13:10:01 GMT"),
            (1_835_395_199_999, "Tue, 29 Feb 2028 00:00:00 GMT"),
        ] {
            let moment = Timestamp::from_millis(millis).unwrap();
            assert_eq!(date(moment).unwrap(), expected);
        }
    }
}
