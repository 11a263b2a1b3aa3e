//! Sends one request to one upstream and relays its answer.
//!
//! Each worker speaks HTTP/1.1 itself: a request goes from the head that was read into the head
//! that is written, and its answer likewise. awc, actix's own client, was rejected: it holds back
//! the first bytes of a body, passes off a chunked answer that breaks off as complete, and adds
//! fields. hyper's client is sound, but took a third of the gateway's own time: it builds each head
//! anew in another generation of the `http` crate, both ways, and moves it to a task for each
//! connection.

mod answer;
mod attempt;
mod connection;
mod deadline;
mod exchange;
mod fetch;
mod outcome;
mod pieces;
pub(crate) mod probe;
mod relay;
pub(crate) mod replicas;
mod request;
mod retry;
mod running;

use std::cell::Cell;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::Method;
use actix_web::http::header::{EXPECT, HeaderName};
use actix_web::{HttpRequest, HttpResponse};
use http::uri::PathAndQuery;
use service_kit::request_id::RequestId;
use service_kit::trace::{Kind, OpenSpan};
use shared_types::value::Timestamp;
use tokio::time::{Instant, sleep};

use crate::fault::{ClientFault, Fault};
use crate::http::client_connection::ClientConnection;
use crate::http::trace::Trace;
use crate::resilience::balance::Tried;
use crate::resilience::client::Client;
use crate::resilience::drills::Drill;
use crate::resilience::guard::{Intake, Permit};
use crate::resilience::held::Held;
use crate::resilience::memory::Memory;
use crate::resilience::priority::Priority;
use crate::routing::client_address::{Scheme, TrustedProxies};

#[cfg(any(fuzzing, test))]
pub(crate) use answer::invariants::hold as answer_holds;
use answer::{Answer, Expected};
pub(crate) use attempt::Attempt;
pub(crate) use attempt::span::TrySpan;
pub(crate) use connection::pick::Pick;
pub(crate) use connection::pools::Pools;
pub(crate) use connection::replica_pools::ReplicaPools;
pub(crate) use connection::tls::{TlsConfig, tls_config};
use deadline::{Deadline, Passed};
use exchange::Exchange;
use exchange::send::{Line, send};
pub(crate) use fetch::{Fetch, Fetched, ask_directly, fetch};
pub(crate) use outcome::is_outage;
pub(crate) use relay::tunnel::Handshake;
pub(crate) use relay::withhold;
use relay::{Waiting, relay};
use request::body::{self, Body};
use request::framing::Framing;
#[cfg(any(fuzzing, test))]
pub(crate) use request::headers::invariants::hold as headers_hold;
pub(crate) use request::own_cookie::OWN_COOKIE;
use request::prepare::prepare;
pub(crate) use request::stored::may_be_asked_with;
use request::upload::{Progress, Upload};
use request::via;
pub(crate) use request::via::{MAX_PASSAGES, is_loop, of_request as via_of, passages_of};
use retry::repeat::Repeat;
pub(crate) use running::{Standing, Upstream};

/// A request with its route, ready to be sent.
pub(crate) struct Outgoing<'a> {
    pub(crate) request: &'a HttpRequest,
    /// The request's own method, unless its answer is to be stored.
    pub(crate) method: &'a Method,
    /// The fields that the answer depends on, if it is to be stored. Nothing else of the request is
    /// sent on.
    pub(crate) stored: Option<&'a [HeaderName]>,
    /// The request for a WebSocket, if it is one.
    pub(crate) handshake: Option<&'a Handshake>,
    /// The path and query for the upstream.
    pub(crate) target: PathAndQuery,
    pub(crate) upstream: &'a Upstream,
    pub(crate) pools: &'a Rc<ReplicaPools>,
    /// The number of the route's circuit.
    pub(crate) circuit: usize,
    /// The failure drill that applies to the request.
    pub(crate) drill: Option<Drill>,
    /// The client whose share of the upstream it takes. `None` for the gateway's own requests.
    pub(crate) client: Option<Client>,
    /// The route's priority.
    pub(crate) priority: Priority,
    pub(crate) request_id: &'a RequestId,
    pub(crate) trace: &'a Trace,
    /// The span that its tries are within, if it is not that of the answer.
    pub(crate) within: Option<&'a OpenSpan>,
    /// How long upstreams have been waited for.
    pub(crate) upstream_time: &'a Cell<Option<Duration>>,
    pub(crate) scheme: Scheme,
    pub(crate) trusted_proxies: &'a TrustedProxies,
    pub(crate) max_body: u64,
    /// The client's connection, if it is HTTP/1.
    pub(crate) client_connection: Option<&'a Rc<ClientConnection>>,
    /// Whether interim answers go to the client. They do not if the answer may be another client's,
    /// or comes after the client's.
    pub(crate) takes_interim: bool,
    /// The bytes held for the client's connection, if it is HTTP/2.
    pub(crate) held: Held,
    /// The budget that bodies are charged to.
    pub(crate) memory: &'a Arc<Memory>,
    /// How long the upstream may be waited for, until the last byte of the answer.
    pub(crate) timeout: Duration,
    /// The route's `idempotent`: the upstream recognises a repeated request by its `Idempotency-Key`.
    pub(crate) honours_keys: bool,
    /// Whether another upstream takes the request if this one does not.
    pub(crate) is_deferrable: bool,
    /// Whether this is the other upstream, and the first one may have carried out the request.
    pub(crate) was_sent: bool,
    /// Before when this upstream must not deliver the request.
    pub(crate) not_before: Option<Timestamp>,
}

impl Outgoing<'_> {
    fn repeat(&self) -> Repeat {
        Repeat::of(self.method, self.honours_keys, self.request.headers())
    }

    /// Whether sending the request twice has the same effect as once.
    pub(crate) fn may_be_repeated(&self) -> bool {
        self.repeat() == Repeat::Harmless
    }

    fn expected(&self) -> Expected {
        match self.handshake {
            Some(_) => Expected::WebSocket,
            None if *self.method == Method::HEAD => Expected::NoBody,
            None => Expected::Body,
        }
    }
}

/// An answer whose body is yet to come, with everything that is held until then.
struct Answered {
    answer: Answer,
    exchange: Exchange,
    permit: Permit,
}

/// Sends the request with the body `payload`, and returns the upstream's answer, its body still
/// streaming.
pub(crate) async fn forward(
    outgoing: &Outgoing<'_>,
    payload: Option<Payload>,
) -> Result<HttpResponse, Fault> {
    Ready::of(outgoing, payload).await?.send(outgoing).await
}

/// A request that was accepted and whose body is here, or its beginning if it is large.
pub(crate) struct Ready {
    framing: Framing,
    upload: Progress,
    body: Body,
}

impl Ready {
    /// Awaits the body `payload`.
    pub(crate) async fn of(
        outgoing: &Outgoing<'_>,
        payload: Option<Payload>,
    ) -> Result<Self, Fault> {
        if via::is_loop(outgoing.request.headers()) {
            return Err(Fault::Loop);
        }
        let framing = Framing::of(outgoing.request.headers()).map_err(Fault::Client)?;
        if matches!(framing, Framing::Length(length) if length > outgoing.max_body) {
            return Err(Fault::Client(ClientFault::TooLarge));
        }
        let mut upload = Progress::default();
        let mut body = Body::None;
        if !framing.is_empty() {
            upload = Progress::of(
                outgoing.client_connection,
                &outgoing.upstream.metrics.received,
            );
            body = Body::of(outgoing, framing, payload, &upload);
            if !(outgoing.is_deferrable && body::is_awaited_whole(framing)) {
                meet(outgoing).await?;
            }
            body.gather(&upload, outgoing).await?;
        }
        Ok(Self {
            framing,
            upload,
            body,
        })
    }

    /// Whether all of it is here, so that another upstream can be sent the same.
    pub(crate) fn is_whole(&self) -> bool {
        self.body.is_whole()
    }

    /// Returns the upstream's answer, its body still streaming. A request that may be repeated
    /// ([`Repeat`]) is sent again if the budget and the deadline allow another try.
    pub(crate) async fn send(&mut self, outgoing: &Outgoing<'_>) -> Result<HttpResponse, Fault> {
        let repeat = outgoing.repeat();
        let waiting = Waiting {
            deadline: Deadline::after(outgoing.timeout, outgoing.client_connection),
            upload: self.upload.clone(),
        };
        outgoing.upstream.guard.count_request();
        let mut tries = 0;
        let tried = Cell::new(Tried::default());
        loop {
            let body_of_try = (self.body.intake(), self.body.upload());
            let framing = self.framing;
            let answered = attempt(outgoing, framing, body_of_try, (tries, &tried), &waiting).await;
            let has_other = || outgoing.upstream.replicas.has_untried(tried.get());
            let is_worth = retry::is_worth(&answered, repeat, has_other)
                && tries < u32::from(outgoing.upstream.settings.retries)
                && self.body.is_whole();
            if !is_worth {
                return relay(answered?, outgoing, waiting);
            }
            // Another replica need not be given time.
            let pause = match has_other() {
                true => Duration::ZERO,
                false => retry::pause(tries, rand::random()),
            };
            if Instant::now() + pause >= waiting.deadline.at()
                || !outgoing.upstream.guard.may_retry()
            {
                return relay(answered?, outgoing, waiting);
            }
            tries += 1;
            outgoing.upstream.metrics.retries.inc();
            log::debug!(
                upstream = &**outgoing.upstream.name(),
                request_id = outgoing.request_id.as_str();
                "the upstream failed, the request is sent again"
            );
            drop(answered);
            sleep(pause).await;
        }
    }
}

/// A client that expects a `100 Continue` must not send its body for an unavailable upstream (RFC
/// 9110 §10.1.1). So before its body is awaited, this waits for a connection to the upstream, under
/// a permit that is then given back.
async fn meet(outgoing: &Outgoing<'_>) -> Result<(), Fault> {
    let expects =
        outgoing.client_connection.is_some() && outgoing.request.headers().contains_key(EXPECT);
    if !expects || outgoing.drill.is_some() {
        return Ok(());
    }
    let attempt = Attempt {
        upstream: outgoing.upstream,
        pools: outgoing.pools,
        tried: Tried::default(),
        circuit: outgoing.circuit,
        intake: Intake::Whole,
        client: outgoing.client,
        priority: outgoing.priority,
        drill: None,
    };
    let admitted = attempt.admit().await?;
    // Boxed, or each request would carry the space that this one needs.
    let met = Box::pin(admitted.pick().meet()).await;
    met.map_err(|error| {
        let fault = Fault::from(error);
        let _ = admitted.settle(Err(&fault));
        fault
    })
}

/// Makes one try within the deadline.
async fn attempt(
    outgoing: &Outgoing<'_>,
    framing: Framing,
    (intake, body): (Intake, Option<Box<Upload>>),
    (tries, tried): (u32, &Cell<Tried>),
    waiting: &Waiting,
) -> Result<Answered, Fault> {
    let attempt = Attempt {
        upstream: outgoing.upstream,
        pools: outgoing.pools,
        tried: tried.get(),
        circuit: outgoing.circuit,
        intake,
        client: outgoing.client,
        priority: outgoing.priority,
        drill: outgoing.drill.as_ref(),
    };
    let admitted = attempt.admit().await?;
    let span = outgoing.within.or(outgoing.trace.span());
    let span = span.and_then(|span| span.child(Kind::Client));
    let span = TrySpan::of(span, (outgoing.method.as_str(), outgoing.upstream), tries);
    let traceparent = span.traceparent();
    let traceparent = traceparent.as_ref();
    let traceparent = traceparent.map_or(outgoing.trace.traceparent(), |text| &text[..]);
    let line = Line {
        pick: admitted.pick(),
        upstream: outgoing.upstream.name(),
        request_id: outgoing.request_id.as_str(),
        may_repeat: outgoing.method.is_safe() && framing.is_empty(),
        expected: outgoing.expected(),
        interim: outgoing
            .client_connection
            .filter(|_| outgoing.takes_interim),
    };
    let exchange = async {
        admitted.act().await?;
        let head = |host: &[u8]| {
            span.asks(host);
            prepare(outgoing, framing, host, traceparent)
        };
        let answered = send(&line, head, body).await?;
        if let Some(handshake) = outgoing.handshake {
            handshake.check(&answered.0)?;
        }
        Ok(answered)
    };
    let Waiting { deadline, upload } = waiting;
    let outcome = match deadline.hold(upload, pin!(exchange)).await {
        Ok(Ok(answered)) => Ok(answered),
        Ok(Err(fault)) => Err(upload.fault().map_or(fault, Fault::Client)),
        Err(Passed) => Err(Fault::late()),
    };
    let outcome = admitted.judge(outcome);
    tried.set(admitted.tried());
    let heard = outcome.as_ref().map(|(answer, _)| answer.heard());
    span.end(heard.map(|heard| heard.status));
    let (permit, elapsed) = admitted.settle(heard);
    let spent = &outgoing.upstream_time;
    spent.set(Some(spent.get().unwrap_or_default() + elapsed));
    let (answer, exchange) = outcome?;
    Ok(Answered {
        answer,
        exchange,
        permit,
    })
}
