//! The rehearsal of every outage: each upstream in turn is made to look dead, each feature is asked for as a client
//! would, and what it got is held against what the configuration declares.
//!
//! The requests go through the gateway itself, its listener and its rate limits left out. Others' requests meet the same
//! drills meanwhile, for about a second for each upstream.

use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_http::{BoxedPayloadStream, Payload, Request};
use actix_service::{Service, ServiceFactory as _, map_config};
use actix_web::body::{MessageBody, to_bytes_limited};
use actix_web::dev::{AppConfig, ServiceResponse};
use actix_web::http::header::{CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderValue, RETRY_AFTER};
use actix_web::http::{Method, StatusCode};
use actix_web::{App, web};
use futures_util::stream::once;
use service_kit::failure::Failure;
use service_kit::serve::Draining;
use shared_types::gateway::DrillMode;
use tokio::time::sleep;

use crate::config::Upstream;
use crate::degraded::is_marked;
use crate::dispatch::Worker;
use crate::drills::{Answer, Cell, Drills, Place, Plan, Verdict, declared, holds};
use crate::entrance;
use crate::features::{Feature, Probe};
use crate::guard::{Guard, Phase};
use crate::problem;
use crate::proxy::TlsConfig;
use crate::state::State;

/// Longer than all features take to be asked for; ended as soon as they are.
const OUTAGE: Duration = Duration::from_secs(30);

/// How long an upstream may take to be back once its drill is over.
const RECOVERY: Duration = Duration::from_secs(5);

pub(super) async fn run(
    state: &Arc<State>,
    tls: &TlsConfig,
    drills: &Drills,
) -> Result<Verdict, Failure> {
    let worker = Worker::new(state, tls, Draining::default(), false);
    let app = App::new().default_service(entrance::service(worker));
    let service = map_config(app, |()| AppConfig::default()).new_service(());
    let service = service
        .await
        .map_err(|()| Failure::internal("the rehearsal cannot be set up"))?;
    let (mut cells, mut remarks) = (Vec::new(), Vec::new());
    for feature in state.config.features.iter() {
        // Which also lets what is kept be kept.
        if ask(&service, &feature.probe).await != Answer::Works {
            remarks.push(format!("{} did not work before any drill", feature.name));
        }
    }
    for (index, (upstream, guard)) in state.config.upstreams.iter().zip(&state.guards).enumerate() {
        let place = Place::Upstream(upstream.name.to_string());
        drills.begin(place.clone(), outage());
        take_down(upstream, guard, drills).await;
        for feature in state.config.features.iter() {
            if let Some((kept, _)) = &feature.stand_in {
                // What is fresh would do, and show nothing.
                kept.invalidate();
            }
            let answer = ask(&service, &feature.probe).await;
            cells.push(cell(state, feature, (index, upstream), answer));
        }
        drills.end(&place);
        if !is_back(&service, state, index, guard).await {
            remarks.push(format!(
                "{} did not come back after its drill",
                upstream.name
            ));
        }
    }
    Ok(Verdict {
        pass: remarks.is_empty() && cells.iter().all(|cell| cell.pass),
        cells,
        remarks,
    })
}

fn outage() -> Plan {
    Plan {
        mode: DrillMode::Down,
        rate: 1.0,
        delay: Duration::ZERO,
        until: Instant::now() + OUTAGE,
    }
}

/// Fails as often as it takes for the circuit to open: what a few clients would do in the first moment.
async fn take_down(upstream: &Upstream, guard: &Arc<Guard>, drills: &Drills) {
    for _ in 0..upstream.breaker.failures {
        let drill = drills.befall(&upstream.name, "", 0.0);
        if let (Some(drill), Some(ticket)) = (drill, guard.probe())
            && drill.act().await.is_err()
        {
            ticket.failed("drill: the upstream takes no connection");
        }
    }
}

fn cell(
    state: &State,
    feature: &Feature,
    (index, upstream): (usize, &Upstream),
    answer: Answer,
) -> Cell {
    let declared = declared(feature, index);
    let status = state.feature(feature).status;
    Cell {
        feature: feature.name.clone(),
        upstream: upstream.name.to_string(),
        declared,
        status,
        answer,
        pass: holds(feature.needs.contains(&index), declared, status, answer),
    }
}

/// Waits for the circuit to close, which takes a request where the gateway does not probe by itself.
async fn is_back<S, B>(service: &S, state: &State, index: usize, guard: &Guard) -> bool
where
    S: Service<Request, Response = ServiceResponse<B>, Error = actix_web::Error>,
    B: MessageBody,
{
    let began = Instant::now();
    let mut features = state.config.features.iter();
    let feature = features.find(|feature| feature.needs.contains(&index));
    while began.elapsed() < RECOVERY {
        match guard.phase() {
            Phase::Closed => return true,
            Phase::Open { retry_after } => sleep(retry_after.max(PAUSE)).await,
            Phase::HalfOpen { .. } => sleep(PAUSE).await,
        }
        if let Some(feature) = feature {
            ask(service, &feature.probe).await;
        }
    }
    false
}

/// Between two looks at a circuit that is about to close.
const PAUSE: Duration = Duration::from_millis(20);

/// Bytes of an answer.
const MOST: usize = 1024 * 1024;

/// What a client gets.
async fn ask<S, B>(service: &S, probe: &Probe) -> Answer
where
    S: Service<Request, Response = ServiceResponse<B>, Error = actix_web::Error>,
    B: MessageBody,
{
    let Ok(answer) = service.call(request(probe)).await else {
        return Answer::Broken;
    };
    let (answer, body) = answer.into_parts().1.into_parts();
    // As a client does; a large one need not be read to its end.
    let _ = to_bytes_limited(body, MOST).await;
    let (status, fields) = (answer.status(), answer.headers());
    if is_marked(fields) && status.is_success() {
        Answer::Degraded
    } else if status == StatusCode::SERVICE_UNAVAILABLE
        && problem::is_of_gateway(&answer)
        && fields.contains_key(RETRY_AFTER)
    {
        Answer::Refused
    } else if status.is_server_error() {
        Answer::Broken
    } else {
        Answer::Works
    }
}

/// With an empty object where there must be a body: no service makes anything of it.
fn request(probe: &Probe) -> Request {
    const EMPTY: web::Bytes = web::Bytes::from_static(b"{}");
    let has_body = !probe.method.is_safe() && probe.method != Method::DELETE;
    let mut request = Request::with_payload(if has_body {
        let body: BoxedPayloadStream = Box::pin(once(async { Ok(EMPTY) }));
        Payload::from(body)
    } else {
        Payload::None
    });
    let head = request.head_mut();
    head.method = probe.method.clone();
    head.uri = probe.target.clone();
    head.headers
        .insert(HOST, HeaderValue::from_static("rehearsal"));
    if has_body {
        head.headers
            .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        head.headers.insert(CONTENT_LENGTH, EMPTY.len().into());
    }
    request
}
