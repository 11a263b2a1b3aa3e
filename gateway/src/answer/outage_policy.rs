//! Sends a request to its upstream. If the upstream gives no answer, the client gets what the
//! route's outage policy declares.

mod deferral;
mod invalidation;

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix_web::body::BoxBody;
use actix_web::dev::Payload;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName};
use actix_web::http::{Method, Version};
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse};
use http::uri::PathAndQuery;
use service_kit::trace::Kind;
use shared_types::gateway::DrillMode;
use shared_types::problem::Code;

use crate::answer::cache::{self, Given, Missed};
use crate::answer::dispatch::Worker;
use crate::answer::outage_policy::deferral::Deferral;
use crate::answer::problem;
use crate::answer::record::Record;
use crate::answer::reply::Reply;
use crate::fault::Fault;
use crate::fault::degraded::{Degraded, is_marked};
use crate::http::websocket;
use crate::resilience::held::Held;
use crate::routing::route::{CachePolicy, Fallback, Outage, ToUpstream};
use crate::upstream::{self, Handshake, Outgoing, ReplicaPools, Upstream};

/// Marks an answer that a failure drill changed.
pub(crate) const X_DRILL: HeaderName = HeaderName::from_static("x-drill");

pub(crate) struct UpstreamRow<'w> {
    pub(crate) worker: &'w Worker,
    pub(crate) keeper: Option<&'w Arc<Upstream>>,
    pub(crate) to: &'w ToUpstream,
    /// The route's path.
    pub(crate) path: &'w str,
    pub(crate) upstream: &'w Upstream,
    pub(crate) pools: Rc<ReplicaPools>,
}

impl UpstreamRow<'_> {
    pub(crate) async fn answer(
        &self,
        request: &HttpRequest,
        payload: Payload,
        target: PathAndQuery,
        record: &Record,
    ) -> HttpResponse {
        if let Some(timeout) = self.to.settings.tunnel_timeout
            && websocket::is_handshake(request.head())
        {
            // Boxed, as below.
            let tunnel = self.tunnel(timeout, request, payload, target, record);
            return Box::pin(tunnel).await;
        }
        if let Outage::Stale(policy) = &self.to.outage
            && self.worker.site.cache.is_for(policy, request)
        {
            // Boxed, or each request would carry the space that this one needs.
            return Box::pin(self.cached(policy, request, target, record)).await;
        }
        if let (Outage::Defer(to), Some(keeper)) = (&self.to.outage, self.keeper) {
            let deferral = Deferral::new(self, keeper, to.circuit, request, record);
            return Box::pin(deferral.answer(target, payload)).await;
        }
        let outgoing = self.outgoing(request, target, record);
        let answered = upstream::forward(&outgoing, Some(payload)).await;
        match (answered, &self.to.outage) {
            (Ok(response), Outage::Fallback(fallback)) if response.status().is_server_error() => {
                self.log_failed(response.status().as_u16(), record);
                stand_in(fallback)
            }
            (Ok(response), _) => {
                invalidation::invalidate(self, request, &response);
                response
            }
            (Err(fault @ Fault::Upstream { .. }), Outage::Fallback(fallback)) => {
                Reply::to(request, record).log(&fault, Some(self.upstream));
                stand_in(fallback)
            }
            (Err(fault), _) => Reply::to(request, record).fault(&fault, Some(self.upstream)),
        }
    }

    /// Opens a WebSocket. Its row has `outage = "error"`.
    async fn tunnel(
        &self,
        timeout: Duration,
        request: &HttpRequest,
        payload: Payload,
        target: PathAndQuery,
        record: &Record,
    ) -> HttpResponse {
        let opened = async {
            let client = self.worker.share_of(request);
            let permit = self.upstream.guard.tunnel(client)?;
            let draining = self.worker.draining.clone();
            let handshake = Handshake::of(request, payload, permit, timeout, draining)?;
            let outgoing = Outgoing {
                handshake: Some(&handshake),
                ..self.outgoing(request, target, record)
            };
            upstream::forward(&outgoing, None).await
        };
        match opened.await {
            Ok(response) => response,
            Err(fault) => Reply::to(request, record).fault(&fault, Some(self.upstream)),
        }
    }

    async fn cached(
        &self,
        policy: &CachePolicy,
        request: &HttpRequest,
        target: PathAndQuery,
        record: &Record,
    ) -> HttpResponse {
        let reply = Reply::to(request, record);
        let span = record.trace.span();
        let mut span = span.and_then(|span| span.child(Kind::Internal));
        if let Some(span) = &mut span {
            span.name("cache");
        }
        let ask = async |wait: Duration| {
            let target = cache::target(policy, &target)
                .ok_or_else(|| Fault::Internal("a part of a target that is none".to_owned()))?;
            // The request takes the share of its client. Otherwise one client could take an
            // upstream by many questions.
            let outgoing = Outgoing {
                method: &Method::GET,
                stored: Some(&policy.vary),
                takes_interim: false,
                held: Held::default(),
                timeout: wait,
                within: span.as_ref(),
                ..self.outgoing(request, target, record)
            };
            upstream::forward(&outgoing, None).await
        };
        let cache = &self.worker.site.cache;
        let timeout = self.to.settings.timeout;
        let charge = || {
            let client = self.worker.share_of(request);
            self.worker.site.memory.charge(client)
        };
        let given = cache.answer(policy, request, timeout, charge, ask).await;
        if let Some(mut span) = span.take() {
            span.set("cache.result", result_of(&given));
        }
        let missed = match given {
            Given::Answer(response, _) => return response,
            Given::Stale(response, missed) => {
                match &*missed {
                    Missed::Fault(fault) => reply.log(fault, Some(self.upstream)),
                    Missed::Failed(status) => self.log_failed(*status, record),
                    Missed::Unfit(_) => {}
                }
                return response;
            }
            Given::NotStored => return reply.problem(Code::NotStored),
            Given::Pass => None,
            Given::Nothing(missed) => Some(missed),
        };
        match missed.as_deref() {
            Some(Missed::Fault(fault)) => reply.fault(fault, Some(self.upstream)),
            // The client that asked first has the upstream's failure to itself; this one asks
            // again.
            Some(Missed::Failed(_) | Missed::Unfit(_)) | None => {
                let outgoing = self.outgoing(request, target, record);
                match upstream::forward(&outgoing, None).await {
                    Ok(response) => response,
                    Err(fault) => reply.fault(&fault, Some(self.upstream)),
                }
            }
        }
    }

    /// Logs a failure whose answer nobody sees.
    fn log_failed(&self, status: u16, record: &Record) {
        log::warn!(
            upstream = &**self.upstream.name(), route = self.path, request_id = record.request_id.as_str();
            "the upstream answered {status}, another answer stands in"
        );
    }

    fn outgoing<'o>(
        &'o self,
        request: &'o HttpRequest,
        target: PathAndQuery,
        record: &'o Record,
    ) -> Outgoing<'o> {
        let site = &self.worker.site;
        Outgoing {
            request,
            method: request.method(),
            stored: None,
            handshake: None,
            target,
            upstream: self.upstream,
            pools: &self.pools,
            circuit: self.to.circuit,
            drill: self.upstream.drill(self.path),
            client: self.worker.share_of(request),
            priority: self.to.settings.priority,
            request_id: &record.request_id,
            trace: &record.trace,
            within: None,
            upstream_time: &record.upstream_time,
            scheme: site.scheme,
            trusted_proxies: &site.trusted_proxies,
            client_connection: record.connection.as_ref(),
            // Clients of HTTP/1.0 know no interim answers (RFC 9110 §15.2).
            takes_interim: request.version() >= Version::HTTP_11,
            held: held_for(request),
            memory: &site.memory,
            max_body: self.to.settings.request_body,
            timeout: self.to.settings.timeout,
            honours_keys: self.to.settings.idempotent,
            is_deferrable: self.keeper.is_some(),
            was_sent: false,
            not_before: None,
        }
    }

    /// The failure drill that caused this answer, if any. A relayed upstream answer counts only for
    /// a `slow` drill.
    pub(crate) fn drilled(&self, response: &HttpResponse, record: &Record) -> Option<DrillMode> {
        if let Some(mode) = record.drill.get() {
            return Some(mode);
        }
        if !self.upstream.is_slow_by_drill(self.path) {
            return None;
        }
        let is_own = is_marked(response.headers()) || problem::is_of_gateway(response);
        (!is_own).then_some(DrillMode::Slow)
    }
}

/// The name of a result in the cache's span.
fn result_of(given: &Given) -> &'static str {
    match given {
        Given::Answer(_, lookup) => lookup.as_str(),
        Given::Stale(..) => "stale",
        Given::Pass => "pass",
        Given::NotStored | Given::Nothing(_) => "nothing",
    }
}

/// The bytes that are held for the request's connection, if these are bounded.
fn held_for(request: &HttpRequest) -> Held {
    if request.version() < Version::HTTP_2 {
        return Held::default();
    }
    request.extensions().get().cloned().unwrap_or_default()
}

fn stand_in(fallback: &Fallback) -> HttpResponse {
    let mut response = HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, fallback.content_type))
        .insert_header((CACHE_CONTROL, "no-store"))
        .finish();
    Degraded::Fallback.mark(response.headers_mut());
    response.set_body(BoxBody::new(fallback.body.clone()))
}
