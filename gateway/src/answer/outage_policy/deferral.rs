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
use shared_types::value::Timestamp;

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
            Ok(response) => {
                let before = Before {
                    was_sent: true,
                    not_before: None,
                };
                match self.keep(&outgoing.target, &mut ready, before).await {
                    Keeping::Answered(kept) => {
                        row.log_failed(response.status().as_u16(), self.record);
                        kept
                    }
                    Keeping::Refused => response,
                    Keeping::Unsure(lost) => reply.fault(&lost, Some(self.keeper)),
                }
            }
            Err(fault) if is_kept => {
                let before = Before {
                    was_sent: !was_unsent(&fault),
                    not_before: fault.closure().map(|closed| closed.until),
                };
                match self.keep(&outgoing.target, &mut ready, before).await {
                    Keeping::Answered(kept) => {
                        reply.log(&fault, upstream);
                        kept
                    }
                    Keeping::Refused => reply.fault(&fault, upstream),
                    Keeping::Unsure(lost) => {
                        reply.log(&fault, upstream);
                        reply.fault(&lost, Some(self.keeper))
                    }
                }
            }
            Err(fault) => reply.fault(&fault, upstream),
        }
    }

    async fn keep(&self, target: &PathAndQuery, ready: &mut Ready, before: Before) -> Keeping {
        if self.row.worker.asker == Asker::Rehearsal {
            // A rehearsal changes nothing, and the keeper would take its request for a guest's.
            let mut response = HttpResponse::new(StatusCode::ACCEPTED);
            Degraded::Deferred.mark(response.headers_mut());
            return Keeping::Answered(response);
        }
        let Some(target) = self.target(target) else {
            return Keeping::Refused;
        };
        let settings = &self.keeper.settings;
        let pools = self.row.worker.pools.of(self.keeper);
        let outgoing = Outgoing {
            upstream: self.keeper,
            pools: &pools,
            circuit: self.circuit,
            drill: self.keeper.drill(""),
            timeout: settings.timeout,
            is_deferrable: false,
            was_sent: before.was_sent,
            not_before: before.not_before,
            ..self.row.outgoing(self.request, target, self.record)
        };
        match ready.send(&outgoing).await {
            Ok(mut response) if is_answer(response.status()) => {
                if response.status() == StatusCode::ACCEPTED {
                    Degraded::Deferred.mark(response.headers_mut());
                }
                Keeping::Answered(response)
            }
            Ok(response) => {
                log::warn!(
                    upstream = &**self.keeper.name(), route = self.row.path, request_id = self.record.request_id.as_str();
                    "the request was not kept: the upstream answered {}", response.status().as_u16()
                );
                Keeping::Refused
            }
            Err(fault) if was_unsent(&fault) => {
                Reply::to(self.request, self.record).log(&fault, Some(self.keeper));
                Keeping::Refused
            }
            Err(fault @ Fault::Upstream { .. }) => Keeping::Unsure(fault),
            Err(fault) => {
                Reply::to(self.request, self.record).log(&fault, Some(self.keeper));
                Keeping::Refused
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

/// What the keeper must know of the request's first try.
struct Before {
    /// Whether the upstream may have carried out the request.
    was_sent: bool,
    /// When planned work on the upstream ends: it is not delivered before.
    not_before: Option<Timestamp>,
}

/// What came of giving a request to the keeper.
enum Keeping {
    Answered(HttpResponse),
    /// It was not taken. The client gets what it would get without a keeper.
    Refused,
    /// It may have been taken, and is then delivered. The client must not be told that nothing
    /// happened.
    Unsure(Fault),
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
