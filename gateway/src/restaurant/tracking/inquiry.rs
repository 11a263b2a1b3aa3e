//! Asks the three services for their parts, all at once.

use std::cell::Cell;
use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::http::header::VIA;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use log::Level;
use service_kit::request_id::RequestId;
use shared_types::gateway::DrillMode;
use shared_types::tracking::Parts;

use super::Tracking;
use super::compose::TrackedAnswer;
use super::copies::PartName;
use super::lists::{ListKey, Query, Reading};
use super::part::{Last, PartOutcome, PartRefusal};
use super::place::{Call, Place};
use super::subject::{OrderId, Subject};
use crate::answer::dispatch::Worker;
use crate::fault::Fault;
use crate::http::trace::Trace;
use crate::resilience::client::Client;
use crate::resilience::drills::Drill;
use crate::upstream::{Upstream, passages_of, via_of};

/// An order, its caller, and everything that is needed to ask the services.
pub(super) struct Inquiry {
    pub(super) tracking: Arc<Tracking>,
    pub(super) subject: Subject,
    places: Parts<Place>,
    /// The path of the route, by which drills know it.
    route: Arc<str>,
    /// The way of the request so far, this gateway included.
    via: Vec<HeaderValue>,
    /// How often the request has passed this gateway before.
    passages: usize,
}

/// The result of asking for all parts.
pub(super) struct Round {
    pub(super) verdict: Result<TrackedAnswer, PartRefusal>,
    /// The drill that caused the result, if any.
    pub(super) drill: Option<DrillMode>,
}

/// The request on whose behalf the services are asked.
pub(super) struct Errand<'e> {
    pub(super) request_id: &'e RequestId,
    pub(super) trace: &'e Trace,
    /// The level at which failures are logged.
    pub(super) level: Level,
    /// The client whose share of an upstream is taken. `None` for a request on behalf of several
    /// clients.
    pub(super) client: Option<Client>,
    /// Whether it is a poll, for clients that watch.
    pub(super) is_poll: bool,
}

impl Round {
    /// Whether the result is news for a client that has seen the other one.
    pub(super) fn differs(&self, other: &Self) -> bool {
        match (&self.verdict, &other.verdict) {
            (Ok(answer), Ok(other)) => answer.differs(other),
            (Ok(_), Err(_)) | (Err(_), _) => true,
        }
    }

    /// Whether nothing more will come.
    pub(super) fn is_last(&self) -> bool {
        self.verdict.as_ref().map_or(true, TrackedAnswer::is_final)
    }
}

impl Inquiry {
    /// `None` without a `[tracking]` table; then the route does not exist either.
    pub(super) fn new(
        tracking: &Arc<Tracking>,
        worker: &Worker,
        request: &HttpRequest,
        route: &Arc<str>,
        id: OrderId,
    ) -> Option<Self> {
        let sources = &tracking.sources;
        let place = |name, source| Place::of(worker, name, source, sources.timeout, &id);
        let places = Parts {
            order: place(PartName::Order, &sources.parts.order)?,
            kitchen: place(PartName::Kitchen, &sources.parts.kitchen)?,
            delivery: place(PartName::Delivery, &sources.parts.delivery)?,
        };
        let lines = request.headers().get_all(VIA);
        let lines = lines.filter_map(|line| HeaderValue::from_bytes(line.as_bytes()).ok());
        Some(Self {
            tracking: Arc::clone(tracking),
            subject: Subject::of(id, request.headers()),
            places,
            route: Arc::clone(route),
            passages: passages_of(request.headers()),
            via: lines
                .chain([HeaderValue::from_static(via_of(request.version()))])
                .collect(),
        })
    }

    /// The upstream of the order itself.
    pub(super) fn orders(&self) -> &Upstream {
        &self.places.order.upstream
    }

    /// Asks for all parts. Once the order itself is refused, the others are not awaited.
    pub(super) async fn ask(&self, errand: &Errand<'_>) -> Round {
        let drill = Cell::new(None);
        let order = async {
            let (outcome, last) = self.outcome(&self.places.order, errand, &drill).await;
            outcome.essential(last)
        };
        let other = async |place| {
            let (outcome, last) = self.outcome(place, errand, &drill).await;
            Ok(outcome.part(last))
        };
        let (kitchen, delivery) = (&self.places.kitchen, &self.places.delivery);
        let parts = tokio::try_join!(order, other(kitchen), other(delivery));
        let verdict = parts.and_then(|(order, kitchen, delivery)| {
            let composed = TrackedAnswer::compose(Parts {
                order,
                kitchen,
                delivery,
            });
            composed.map_err(|error| PartRefusal::Fault(Fault::Internal(error.to_string())))
        });
        Round {
            drill: drill.get(),
            verdict,
        }
    }

    /// Asks for one part. Notes in `drilled` if a drill caused the outcome.
    async fn outcome(
        &self,
        place: &Place,
        errand: &Errand<'_>,
        drilled: &Cell<Option<DrillMode>>,
    ) -> (PartOutcome, Option<Last>) {
        let drill = place.upstream.drill(&self.route);
        let id = errand.request_id.as_str();
        let outcome = match &place.find {
            // During a drill, each request meets it by itself.
            Some(find) if place.is_for_all && drill.is_none() => {
                let list = self.list(place, find, errand).await;
                list.outcome.find(find, &self.subject.id)
            }
            find => {
                let call = Call {
                    client: errand.client,
                    drill: drill.as_ref(),
                    fields: self.fields(errand),
                    request_id: id,
                };
                let answered = place.fetch(call).await;
                let mode = match &answered {
                    Err(fault) => fault.drill(),
                    Ok(_) => drill.filter(Drill::is_slow).map(|drill| drill.mode()),
                };
                drilled.set(drilled.get().or(mode));
                match find {
                    Some(find) => PartOutcome::of_list(answered, find).find(find, &self.subject.id),
                    None => PartOutcome::of_part(answered),
                }
            }
        };
        let last = self
            .tracking
            .copies
            .learn(place.name, &self.subject, &outcome);
        // Without a copy, the order's failure is logged with its problem.
        if let PartOutcome::Failed(Fault::Upstream { cause, .. }) = &outcome
            && (last.is_some() || place.name != PartName::Order)
        {
            let route = &*self.route;
            log::log!(errand.level, upstream = &**place.upstream.name(), route = route, request_id = id; "{cause}");
        }
        (outcome, last)
    }

    /// The list that holds every order of this caller. Another request may already be asking for
    /// it.
    async fn list(&self, place: &Place, find: &Arc<str>, errand: &Errand<'_>) -> Arc<Reading> {
        let key = ListKey {
            part: place.name,
            authorization: self.subject.authorization.clone(),
            passages: self.passages,
        };
        let query = || Query {
            place: place.clone(),
            find: Arc::clone(find),
            fields: self.fields(errand),
            request_id: errand.request_id.as_str().to_owned(),
        };
        let lists = &self.tracking.lists;
        lists.get(&key, errand.is_poll, place.timeout, query).await
    }

    fn fields(&self, errand: &Errand<'_>) -> HeaderMap {
        let mut fields = HeaderMap::new();
        fields.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        for (name, value) in [
            (header::AUTHORIZATION, self.subject.authorization.as_deref()),
            (
                HeaderName::from_static("x-request-id"),
                Some(errand.request_id.as_str().as_bytes()),
            ),
            (
                HeaderName::from_static("traceparent"),
                Some(errand.trace.traceparent()),
            ),
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
