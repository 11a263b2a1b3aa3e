//! Gives a request that its upstream does not answer to another one, which keeps it and delivers it
//! later.
//!
//! The gateway itself keeps nothing. Only a whole request is given away: one whose body is larger
//! than what is awaited gets the usual problem.

use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use http::uri::PathAndQuery;
use shared_types::gateway::DrillMode;

use super::{UpstreamRow, invalidation};
use crate::answer::dispatch::Asker;
use crate::answer::record::Record;
use crate::answer::reply::Reply;
use crate::fault::degraded::Degraded;
use crate::fault::{Fault, UpstreamFault};
use crate::upstream::{Outgoing, Ready, Upstream, is_outage};

/// One request of a row with `outage = "defer"`.
pub(super) struct Deferral<'d> {
    row: &'d UpstreamRow<'d>,
    keeper: &'d Arc<Upstream>,
    /// The number of the row's circuit at the keeper.
    circuit: usize,
    request: &'d HttpRequest,
    record: &'d Record,
}

impl<'d> Deferral<'d> {
    pub(super) fn new(
        row: &'d UpstreamRow<'d>,
        keeper: &'d Arc<Upstream>,
        circuit: usize,
        request: &'d HttpRequest,
        record: &'d Record,
    ) -> Self {
        Self {
            row,
            keeper,
            circuit,
            request,
            record,
        }
    }

    pub(super) async fn answer(&self, target: PathAndQuery, payload: Payload) -> HttpResponse {
        let (row, upstream) = (self.row, Some(self.row.upstream));
        let reply = Reply::to(self.request, self.record);
        let outgoing = row.outgoing(self.request, target, self.record);
        let mut ready = match Ready::of(&outgoing, Some(payload)).await {
            Ok(ready) => ready,
            Err(fault) => return reply.fault(&fault, upstream),
        };
        let answered = ready.send(&outgoing).await;
        let is_kept = is_kept(&answered, outgoing.may_be_repeated()) && ready.is_whole();
        match answered {
            Ok(response) if !is_kept => {
                invalidation::invalidate(row, self.request, &response);
                response
            }
            Ok(response) => match self.keep(&outgoing.target, &mut ready, true).await {
                Some(kept) => {
                    row.log_failed(response.status().as_u16(), self.record);
                    kept
                }
                None => response,
            },
            Err(fault) => {
                if is_kept {
                    let was_sent = !was_unsent(&fault);
                    let kept = self.keep(&outgoing.target, &mut ready, was_sent).await;
                    if let Some(kept) = kept {
                        reply.log(&fault, upstream);
                        return kept;
                    }
                }
                reply.fault(&fault, upstream)
            }
        }
    }

    /// The keeper's answer. `was_sent` says that the upstream may have carried out the request. `None` if it does not take the request: the client then gets what it
    /// would get without a keeper.
    async fn keep(
        &self,
        target: &PathAndQuery,
        ready: &mut Ready,
        was_sent: bool,
    ) -> Option<HttpResponse> {
        if self.row.worker.asker == Asker::Rehearsal {
            // A rehearsal changes nothing, and the keeper would take its request for a guest's.
            let mut response = HttpResponse::new(StatusCode::ACCEPTED);
            Degraded::Deferred.mark(response.headers_mut());
            return Some(response);
        }
        let settings = &self.keeper.settings;
        let pools = self.row.worker.pools.of(self.keeper);
        let outgoing = Outgoing {
            upstream: self.keeper,
            pools: &pools,
            circuit: self.circuit,
            drill: self.keeper.drill(""),
            timeout: settings.timeout,
            is_deferrable: false,
            was_sent,
            ..self
                .row
                .outgoing(self.request, self.target(target)?, self.record)
        };
        match ready.send(&outgoing).await {
            Ok(mut response) if is_answer(response.status()) => {
                if response.status() == StatusCode::ACCEPTED {
                    Degraded::Deferred.mark(response.headers_mut());
                }
                Some(response)
            }
            Ok(response) => {
                log::warn!(
                    upstream = &**self.keeper.name(), route = self.row.path, request_id = self.record.request_id.as_str();
                    "the request was not kept: the upstream answered {}", response.status().as_u16()
                );
                None
            }
            Err(fault) => {
                Reply::to(self.request, self.record).log(&fault, Some(self.keeper));
                None
            }
        }
    }

    /// The path at the keeper: where the request was to go, behind `/deferred/` and the name of its
    /// upstream.
    fn target(&self, target: &PathAndQuery) -> Option<PathAndQuery> {
        let (own, keeper) = (&self.row.upstream.settings, &self.keeper.settings);
        let target = target.as_str();
        let target = target.strip_prefix(&*own.url.prefix).unwrap_or(target);
        let target = format!("{}/deferred/{}{target}", keeper.url.prefix, own.name);
        PathAndQuery::try_from(target).ok()
    }
}

/// Whether a request with this outcome is given to the keeper: its upstream was not asked, or the
/// request may be sent twice and got no answer.
fn is_kept(answered: &Result<HttpResponse, Fault>, may_be_repeated: bool) -> bool {
    match answered {
        Ok(response) => may_be_repeated && is_outage(response.status()),
        // A feature that is closed wants no requests for later either.
        Err(Fault::Upstream {
            fault: UpstreamFault::Closed(closed),
            ..
        }) => closed.is_planned_work,
        Err(fault @ Fault::Upstream { .. }) => may_be_repeated || was_unsent(fault),
        Err(_) => false,
    }
}

/// Whether the upstream has certainly seen nothing of the request.
fn was_unsent(fault: &Fault) -> bool {
    let Fault::Upstream { fault, .. } = fault else {
        return false;
    };
    match fault {
        UpstreamFault::Unreachable
        | UpstreamFault::ConnectTimeout
        | UpstreamFault::CircuitOpen { .. }
        | UpstreamFault::Overloaded
        | UpstreamFault::Closed(_) => true,
        UpstreamFault::Drill { mode, .. } => *mode != DrillMode::Slow,
        UpstreamFault::Dropped
        | UpstreamFault::InvalidResponse
        | UpstreamFault::Timeout
        | UpstreamFault::Failed => false,
    }
}

/// Whether the keeper judged the request itself. A 404 says that it delivers nothing to this
/// upstream, and a failure that it takes no more.
fn is_answer(status: StatusCode) -> bool {
    !status.is_server_error() && status != StatusCode::NOT_FOUND
}
