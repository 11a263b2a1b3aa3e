//! Answers that are made of several upstreams' answers, whichever of them answer.
//!
//! The [`settings`] declare the parts. A [`source`] is the upstream of a part, a [`gather`]er asks
//! all of them at once, [`part`] judges each answer, and [`compose`] makes one answer of them. The
//! last good parts are kept as [`copies`]. A client that wants to see changes gets a [`stream`]; one
//! [`poll`] asks for all clients that watch the same key.

mod compose;
mod copies;
mod document;
mod field;
mod gather;
mod key;
mod lists;
mod part;
mod poll;
pub(crate) mod settings;
mod shared;
mod source;
mod stream;
mod watches;

use std::convert::Infallible;
use std::rc::Rc;
use std::sync::Arc;

use actix_web::body::{BodyStream, BoxBody};
use actix_web::http::header::{CONTENT_TYPE, HeaderName, HeaderValue, WWW_AUTHENTICATE};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::FutureExt as _;
use futures_util::future::LocalBoxFuture;
use log::Level;
use matchit::Params;
use shared_types::problem::ReachedLimit;

use copies::Copies;
use gather::{Gathered, Gatherer, Query};
use key::Parameter;
use lists::Lists;
use part::PartRefusal;
use settings::AggregateSettings;
use stream::{Events, Watcher};
use watches::{TooManyStreams, Watches};

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

/// The id of the last event that a browser saw before it lost the stream.
static LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// The state that all requests for one aggregate share.
pub(crate) struct Aggregate {
    settings: AggregateSettings<Arc<Upstream>>,
    copies: Copies,
    lists: Arc<Lists>,
    /// `None` if the aggregate has no stream.
    events: Option<Arc<Events>>,
}

/// One view of an aggregate.
pub(crate) struct AggregateRow {
    view: View,
    aggregate: Arc<Aggregate>,
}

impl Aggregate {
    /// The last good parts take at most `bytes`.
    pub(crate) fn new(settings: AggregateSettings<Arc<Upstream>>, bytes: u64) -> Self {
        let events = settings.events.clone().map(|settings| {
            Arc::new(Events {
                watches: Watches::new(settings.limits),
                settings,
            })
        });
        Self {
            copies: Copies::new(bytes, settings.stale_if_error),
            lists: Arc::default(),
            events,
            settings,
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.settings.name
    }

    /// The aggregate of the same name in a new configuration. It is this one if nothing of it has
    /// changed, and otherwise keeps the last good parts if they are of the same sources.
    pub(crate) fn succeeding(
        self: &Arc<Self>,
        settings: AggregateSettings<Arc<Upstream>>,
        bytes: u64,
    ) -> Arc<Self> {
        let copies = self.copies.succeeding(bytes, settings.stale_if_error);
        if is_same(&self.settings, &settings) {
            return Arc::clone(self);
        }
        let has_same_sources = have_same_sources(&self.settings, &settings);
        let mut new = Self::new(settings, bytes);
        if has_same_sources {
            new.copies = copies;
        }
        Arc::new(new)
    }

    /// The upstream of the main part. An error that concerns all parts names it.
    fn main_upstream(&self) -> Option<&Upstream> {
        self.settings.main_part().map(|part| &*part.upstream)
    }

    /// `None` if a parameter could lead an upstream to another path.
    fn parameters(&self, of_path: &Params<'_, '_>) -> Option<Arc<[Parameter]>> {
        let names = self.settings.parameters.iter();
        let parameters = names.map(|name| of_path.get(name).and_then(Parameter::parse));
        parameters.collect()
    }
}

/// Whether two declarations are the same. Their upstreams are the same only if a reload has kept
/// them, so that both share one value.
fn is_same(
    one: &AggregateSettings<Arc<Upstream>>,
    other: &AggregateSettings<Arc<Upstream>>,
) -> bool {
    let itself = |upstream: &Arc<Upstream>| Ok::<_, Infallible>(Arc::as_ptr(upstream));
    one.with(itself) == other.with(itself)
}

/// Whether each part of one has the source of that part of the other.
fn have_same_sources(
    one: &AggregateSettings<Arc<Upstream>>,
    other: &AggregateSettings<Arc<Upstream>>,
) -> bool {
    let mut pairs = one.parts.iter().zip(&other.parts);
    one.parts.len() == other.parts.len()
        && one.parameters == other.parameters
        && pairs.all(|(one, other)| {
            one.name == other.name
                && one.upstream.is(&other.upstream.settings)
                && one.path == other.path
                && one.form == other.form
        })
}

impl AggregateRow {
    pub(crate) fn new(view: View, aggregate: Arc<Aggregate>) -> Self {
        Self { view, aggregate }
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
        let Some(parameters) = self.aggregate.parameters(parameters) else {
            return reply.fault(&Fault::Client(ClientFault::Malformed), None);
        };
        let gatherer = Gatherer::new(&self.aggregate, worker, request, path, parameters);
        let Some(gatherer) = gatherer else {
            let fault = Fault::Internal("a parameter that is no part of a target".to_owned());
            return reply.fault(&fault, None);
        };
        match (self.view, &self.aggregate.events) {
            (View::Stream, Some(events)) => stream(&reply, gatherer, events, request, worker).await,
            (View::Once | View::Stream, _) => {
                once(&reply, &gatherer, worker.share_of(request), record).await
            }
        }
    }
}

impl OwnAnswer for AggregateRow {
    fn answer<'a>(&'a self, asked: Asked<'a>) -> LocalBoxFuture<'a, Option<HttpResponse>> {
        Box::pin(self.show(asked).map(Some))
    }
}

async fn once(
    reply: &Reply<'_>,
    gatherer: &Gatherer,
    client: Option<Client>,
    record: &Record,
) -> HttpResponse {
    let query = Query {
        request_id: &record.request_id,
        trace: &record.trace,
        level: Level::Warn,
        client,
        is_poll: false,
    };
    let gathered = gatherer.ask(&query).await;
    let answer = match &gathered.verdict {
        Ok(answer) => answer,
        Err(refusal) => return refused(reply, gatherer, refusal, &gathered),
    };
    let mut response = HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "application/json"))
        .body(answer.json.clone());
    let fields = response.headers_mut();
    protect(fields);
    if let Some(degraded) = answer.degraded {
        degraded.mark(fields);
    }
    mark(&mut response, &gathered);
    response
}

/// A refusal comes before the stream begins. Each event's body says how it is degraded.
async fn stream(
    reply: &Reply<'_>,
    gatherer: Gatherer,
    events: &Arc<Events>,
    request: &HttpRequest,
    worker: &Worker,
) -> HttpResponse {
    let (watches, draining) = (&events.watches, &worker.draining);
    let aggregate = Arc::clone(&gatherer.aggregate);
    let main = aggregate.main_upstream();
    let limit = |key: &str, most: usize| {
        let name = format!("aggregates.{}.events.{key}", aggregate.name());
        ReachedLimit::new(name, most)
    };
    let permit = match watches.admit(worker.client_of(request).into()) {
        Ok(permit) => permit,
        Err(TooManyStreams) => {
            let limit = limit("streams_per_client", watches.limits().streams_per_client);
            return reply.at_limit(&Fault::ShareUsed, main, Some(limit));
        }
    };
    let gatherer = Rc::new(gatherer);
    let (receiver, latest) = match poll::join(&gatherer, watches, draining).await {
        Ok(joined) => joined,
        Err(overloaded) => {
            let limit = limit("watched", watches.limits().watched);
            return reply.at_limit(&overloaded.into(), main, Some(limit));
        }
    };
    let answer = match &latest.verdict {
        Ok(answer) => answer,
        Err(refusal) => return refused(reply, &gatherer, refusal, &latest),
    };
    let last_seen = request.headers().get(&LAST_EVENT_ID);
    // The end is told in any case: a browser that has missed it would connect again for ever.
    let is_news = answer.is_final || last_seen.is_none_or(|id| *id != *answer.id());
    let response = server_sent::answer();
    if *request.method() == Method::HEAD {
        return withhold(response);
    }
    let watcher = Watcher {
        gatherer,
        events: Arc::clone(events),
        receiver,
        latest,
        draining: draining.clone(),
        _permit: permit,
        is_news,
        has_ended: false,
    };
    response.set_body(BoxBody::new(BodyStream::new(Box::pin(watcher.stream()))))
}

fn refused(
    reply: &Reply<'_>,
    gatherer: &Gatherer,
    refusal: &PartRefusal,
    gathered: &Gathered,
) -> HttpResponse {
    let mut response = match refusal {
        PartRefusal::Problem(code) => reply.problem(*code),
        PartRefusal::Fault(part, fault) => reply.fault(fault, gatherer.upstream(*part)),
        PartRefusal::Internal(cause) => reply.fault(&Fault::Internal(cause.clone()), None),
    };
    if response.status() == StatusCode::UNAUTHORIZED {
        // RFC 9110 §11.6.1. The services take bearer tokens.
        let challenge = HeaderValue::from_static("Bearer");
        response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
    }
    mark(&mut response, gathered);
    response
}

fn mark(response: &mut HttpResponse, gathered: &Gathered) {
    if let Some(mode) = gathered.drill {
        let fields = response.headers_mut();
        fields.insert(X_DRILL, HeaderValue::from_static(mode.as_str()));
    }
}
