//! Asks the services for their parts, all at once.

use std::cell::Cell;
use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::http::header::VIA;
use futures_util::future::try_join_all;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use log::Level;
use service_kit::request_id::RequestId;
use service_kit::trace::{Kind, OpenSpan};
use shared_types::aggregate::PartClosure;
use shared_types::gateway::DrillMode;

use super::Aggregate;
use super::compose::Answer;
use super::key::{Key, Parameter};
use super::lists::{ListKey, ListQuery, Reading};
use super::part::{Last, Part, PartOutcome, PartRefusal};
use super::source::{Call, Source};
use crate::answer::dispatch::Worker;
use crate::fault::Fault;
use crate::http::trace::Trace;
use crate::resilience::client::Client;
use crate::resilience::drills::Drill;
use crate::upstream::{Upstream, passages_of, via_of};

/// A key, and everything that is needed to ask the services about it.
pub(super) struct Gatherer {
    pub(super) aggregate: Arc<Aggregate>,
    pub(super) key: Key,
    sources: Vec<Source>,
    /// The path of the route, by which drills know it.
    route: Arc<str>,
    /// The way of the request so far, this gateway included.
    via: Vec<HeaderValue>,
    /// How often the request has passed this gateway before.
    passages: usize,
    /// Whether spans are recorded.
    pub(super) is_traced: bool,
}

/// The result of asking for all parts.
pub(super) struct Gathered {
    pub(super) verdict: Result<Answer, PartRefusal>,
    /// The drill that caused the result, if any.
    pub(super) drill: Option<DrillMode>,
}

/// The request on whose behalf the services are asked.
pub(super) struct Query<'q> {
    pub(super) request_id: &'q RequestId,
    pub(super) trace: &'q Trace,
    /// The level at which failures are logged.
    pub(super) level: Level,
    /// The client whose share of an upstream is taken. `None` for a request on behalf of several
    /// clients.
    pub(super) client: Option<Client>,
    /// Whether it is a poll, for clients that watch.
    pub(super) is_poll: bool,
}

impl Gathered {
    /// Whether the result is news for a client that has seen the other one.
    pub(super) fn differs(&self, other: &Self) -> bool {
        match (&self.verdict, &other.verdict) {
            (Ok(answer), Ok(other)) => answer.differs(other),
            (Ok(_), Err(_)) | (Err(_), _) => true,
        }
    }

    /// Whether nothing more will come.
    pub(super) fn is_last(&self) -> bool {
        self.verdict.as_ref().map_or(true, |answer| answer.is_final)
    }
}

impl Gatherer {
    /// `None` if the parameters make no target, which does not happen.
    pub(super) fn new(
        aggregate: &Arc<Aggregate>,
        worker: &Worker,
        request: &HttpRequest,
        route: &Arc<str>,
        parameters: Arc<[Parameter]>,
    ) -> Option<Self> {
        let settings = &aggregate.settings;
        let parts = settings.parts.iter().enumerate();
        let sources = parts.map(|part| Source::of(worker, part, settings.timeout, &parameters));
        let sources = sources.collect::<Option<_>>()?;
        let lines = request.headers().get_all(VIA);
        let lines = lines.filter_map(|line| HeaderValue::from_bytes(line.as_bytes()).ok());
        Some(Self {
            aggregate: Arc::clone(aggregate),
            key: Key::of(parameters, request.headers()),
            sources,
            route: Arc::clone(route),
            passages: passages_of(request.headers()),
            is_traced: worker.site.tracer.is_some(),
            via: lines
                .chain([HeaderValue::from_static(via_of(request.version()))])
                .collect(),
        })
    }

    /// The upstream of the part with this index.
    pub(super) fn upstream(&self, part: usize) -> Option<&Upstream> {
        self.sources.get(part).map(|source| &*source.upstream)
    }

    /// Asks for all parts. Once a required one is refused, the others are not awaited.
    pub(super) async fn ask(&self, query: &Query<'_>) -> Gathered {
        let drill = Cell::new(None);
        let parts = self
            .sources
            .iter()
            .map(|source| self.part(source, query, &drill));
        let verdict = try_join_all(parts).await.and_then(|parts| {
            let composed = Answer::compose(&self.aggregate.settings, parts, self.closures());
            composed.map_err(|error| PartRefusal::Internal(error.to_string()))
        });
        Gathered {
            drill: drill.get(),
            verdict,
        }
    }

    /// The closures of the parts' upstreams, in the order of the parts.
    fn closures(&self) -> Vec<PartClosure> {
        let mut closures: Vec<PartClosure> = Vec::new();
        for source in self.sources.iter().flat_map(Source::all) {
            let service = source.upstream.name();
            let is_told = closures.iter().any(|told| told.service == **service);
            if let Some(notice) = source.closure().filter(|_| !is_told) {
                let service = service.to_string();
                closures.push(PartClosure { service, notice });
            }
        }
        closures
    }

    async fn part(
        &self,
        source: &Source,
        query: &Query<'_>,
        drilled: &Cell<Option<DrillMode>>,
    ) -> Result<Part, PartRefusal> {
        let (outcome, last) = self.outcome(source, query, drilled).await;
        match source.required {
            Some(not_found) => outcome.required(source.part, not_found, last),
            None => Ok(outcome.part(last)),
        }
    }

    /// Asks for one part. Notes in `drilled` if a drill caused the outcome.
    async fn outcome(
        &self,
        source: &Source,
        query: &Query<'_>,
        drilled: &Cell<Option<DrillMode>>,
    ) -> (PartOutcome, Option<Last>) {
        let id = query.request_id.as_str();
        let outcome = self.ask_source(source, query, drilled).await;
        let copies = &self.aggregate.copies;
        let last = copies.learn(source.part, &self.key, &outcome);
        // What the usual place has shown before is not elsewhere.
        if let (PartOutcome::Missing | PartOutcome::Failed(_), None, Some(other)) =
            (&outcome, &last, &source.otherwise)
        {
            let found = Box::pin(self.ask_source(other, query, drilled)).await;
            if matches!(found, PartOutcome::Found(_)) {
                return (found, None);
            }
        }
        // Without a copy, a required part's failure is logged with its problem.
        if let PartOutcome::Failed(Fault::Upstream { cause, .. }) = &outcome
            && (last.is_some() || source.required.is_none())
        {
            let route = &*self.route;
            log::log!(query.level, upstream = &**source.upstream.name(), route = route, request_id = id; "{cause}");
        }
        (outcome, last)
    }

    async fn ask_source(
        &self,
        source: &Source,
        query: &Query<'_>,
        drilled: &Cell<Option<DrillMode>>,
    ) -> PartOutcome {
        let drill = source.upstream.drill(&self.route);
        let parameters = &self.key.parameters;
        // During a drill, each request meets it by itself.
        if source.is_for_all && drill.is_none() {
            let list = self.list(source, query).await;
            return list.outcome.find(&source.form, parameters);
        }
        let span = child(query);
        let call = Call {
            client: query.client,
            drill: drill.as_ref(),
            fields: self.fields(query, span.as_ref()),
            span,
            request_id: query.request_id.as_str(),
        };
        let answered = source.fetch(call).await;
        let mode = match &answered {
            Err(fault) => fault.drill(),
            Ok(_) => drill.filter(Drill::is_slow).map(|drill| drill.mode()),
        };
        drilled.set(drilled.get().or(mode));
        let outcome = PartOutcome::of(answered, &source.form, source.is_by_id);
        outcome.find(&source.form, parameters)
    }

    /// The answer for all values of the parameters. Another request may already be asking for it.
    async fn list(&self, source: &Source, query: &Query<'_>) -> Arc<Reading> {
        let key = ListKey {
            part: source.part,
            authorization: self.key.authorization.clone(),
            passages: self.passages,
        };
        let ask = || {
            let span = child(query);
            ListQuery {
                source: source.clone(),
                fields: self.fields(query, span.as_ref()),
                request_id: query.request_id.as_str().to_owned(),
                span,
            }
        };
        let lists = &self.aggregate.lists;
        lists.get(&key, query.is_poll, source.timeout, ask).await
    }

    /// `span` is that of the request, if it is recorded.
    fn fields(&self, query: &Query<'_>, span: Option<&OpenSpan>) -> HeaderMap {
        let traceparent = span.and_then(OpenSpan::traceparent);
        let traceparent = traceparent.as_ref();
        let traceparent = traceparent.map_or(query.trace.traceparent(), |text| &text[..]);
        let mut fields = HeaderMap::new();
        fields.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        for (name, value) in [
            (header::AUTHORIZATION, self.key.authorization.as_deref()),
            (
                HeaderName::from_static("x-request-id"),
                Some(query.request_id.as_str().as_bytes()),
            ),
            (HeaderName::from_static("traceparent"), Some(traceparent)),
        ] {
            let value = value.and_then(|value| HeaderValue::from_bytes(value).ok());
            if let Some(value) = value {
                fields.insert(name, value);
            }
        }
        for line in &self.via {
            fields.append(header::VIA, line.clone());
        }
        fields
    }
}

/// The span of a request for a part, if the trace is recorded.
fn child(query: &Query<'_>) -> Option<OpenSpan> {
    query.trace.span().and_then(|span| span.child(Kind::Client))
}
