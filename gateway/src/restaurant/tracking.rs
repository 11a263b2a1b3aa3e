//! Tracks an order: makes one answer from orders, kitchen and delivery, whichever of them answer.
//!
//! A [`source`] says where to ask for a part, an [`inquiry`] asks for all three at once, [`part`]
//! judges each answer, and [`compose`] makes one answer from them. The last good parts are kept as
//! [`copies`]. A client that wants to see changes gets a [`stream`]; one [`poll`] asks for all
//! clients that watch the same order.

mod compose;
mod copies;
mod inquiry;
mod list;
mod lists;
mod part;
mod place;
mod poll;
mod shared;
mod source;
mod stream;
mod subject;
mod watches;

use std::rc::Rc;
use std::sync::Arc;

use actix_web::body::{BodyStream, BoxBody};
use actix_web::http::Method;
use actix_web::http::header::{CONTENT_TYPE, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::FutureExt as _;
use futures_util::future::LocalBoxFuture;
use log::Level;

use copies::Copies;
use lists::Lists;
pub(crate) use source::Sources;
use watches::Watches;

use crate::answer::destination::{Asked, OwnAnswer};
use crate::answer::dispatch::Worker;
use crate::answer::outage_policy::X_DRILL;
use crate::answer::record::Record;
use crate::answer::reply::Reply;
use crate::fault::{ClientFault, Fault};
use crate::http::protection::protect;
use crate::http::server_sent;
use crate::resilience::client::Client;
use crate::routing::route::View;
use crate::upstream::{Upstream, is_loop, withhold};

use inquiry::{Errand, Inquiry, Round};
use part::PartRefusal;
use stream::Watcher;
use subject::OrderId;
use watches::TooManyStreams;

/// What all requests for orders share.
pub(crate) struct Tracking {
    sources: Sources<Arc<Upstream>>,
    copies: Copies,
    lists: Arc<Lists>,
    watches: Arc<Watches>,
}

/// One view of an order.
pub(crate) struct TrackedOrder {
    view: View,
    tracking: Arc<Tracking>,
}

impl Tracking {
    /// The last good parts take at most `bytes`.
    pub(crate) fn new(sources: Sources<Arc<Upstream>>, bytes: u64) -> Self {
        Self {
            copies: Copies::new(bytes),
            lists: Arc::default(),
            watches: Watches::new(sources.watches),
            sources,
        }
    }
}

impl TrackedOrder {
    pub(crate) fn new(view: View, tracking: Arc<Tracking>) -> Self {
        Self { view, tracking }
    }

    async fn show(&self, asked: Asked<'_>) -> HttpResponse {
        let Asked {
            worker,
            request,
            path,
            parameters,
            record,
        } = asked;
        let reply = Reply::to(request, record);
        if is_loop(request.headers()) {
            return reply.fault(&Fault::Loop, None);
        }
        let Some(id) = parameters.get("commandeId").and_then(OrderId::parse) else {
            return reply.fault(&Fault::Client(ClientFault::Malformed), None);
        };
        let Some(inquiry) = Inquiry::new(&self.tracking, worker, request, path, id) else {
            let fault = Fault::Internal("an order's id that is no part of a target".to_owned());
            return reply.fault(&fault, None);
        };
        match self.view {
            View::Once => once(&reply, &inquiry, worker.share_of(request), record).await,
            View::Stream => stream(&reply, inquiry, request, worker).await,
        }
    }
}

impl OwnAnswer for TrackedOrder {
    fn answer<'a>(&'a self, asked: Asked<'a>) -> LocalBoxFuture<'a, Option<HttpResponse>> {
        Box::pin(self.show(asked).map(Some))
    }
}

async fn once(
    reply: &Reply<'_>,
    inquiry: &Inquiry,
    client: Option<Client>,
    record: &Record,
) -> HttpResponse {
    let errand = Errand {
        request_id: &record.request_id,
        trace: &record.trace,
        level: Level::Warn,
        client,
        is_poll: false,
    };
    let round = inquiry.ask(&errand).await;
    let answer = match &round.verdict {
        Ok(answer) => answer,
        Err(refusal) => return refused(reply, inquiry, refusal, &round),
    };
    let mut response = HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "application/json"))
        .body(answer.json.clone());
    let fields = response.headers_mut();
    protect(fields);
    if let Some(degraded) = answer.degraded() {
        degraded.mark(fields);
    }
    mark(&mut response, &round);
    response
}

/// A refusal comes before the stream begins. Each event's body says how it is degraded.
async fn stream(
    reply: &Reply<'_>,
    inquiry: Inquiry,
    request: &HttpRequest,
    worker: &Worker,
) -> HttpResponse {
    let (watches, draining) = (&inquiry.tracking.watches, &worker.draining);
    let permit = match watches.admit(worker.client_of(request).into()) {
        Ok(permit) => permit,
        Err(TooManyStreams) => return reply.fault(&Fault::ShareUsed, Some(inquiry.orders())),
    };
    let inquiry = Rc::new(inquiry);
    let (receiver, latest) = match poll::join(&inquiry, draining).await {
        Ok(joined) => joined,
        Err(overloaded) => return reply.fault(&overloaded.into(), Some(inquiry.orders())),
    };
    if let Err(refusal) = &latest.verdict {
        return refused(reply, &inquiry, refusal, &latest);
    }
    let response = server_sent::answer();
    if *request.method() == Method::HEAD {
        return withhold(response);
    }
    let watcher = Watcher {
        inquiry,
        receiver,
        latest,
        draining: draining.clone(),
        _permit: permit,
        is_news: true,
    };
    response.set_body(BoxBody::new(BodyStream::new(Box::pin(watcher.stream()))))
}

fn refused(
    reply: &Reply<'_>,
    inquiry: &Inquiry,
    refusal: &PartRefusal,
    round: &Round,
) -> HttpResponse {
    let mut response = match refusal {
        PartRefusal::Problem(code) => reply.problem(*code),
        PartRefusal::Fault(fault) => reply.fault(fault, Some(inquiry.orders())),
    };
    mark(&mut response, round);
    response
}

fn mark(response: &mut HttpResponse, round: &Round) {
    if let Some(mode) = round.drill {
        let fields = response.headers_mut();
        fields.insert(X_DRILL, HeaderValue::from_static(mode.as_str()));
    }
}
