//! The traces that the gateway keeps itself, if `GATEWAY_TRACES` is on: `POST /v1/traces` takes the
//! spans of the services as a collector of OpenTelemetry does, `GET /traces/{id}` tells one trace.
//!
//! It is for looking at single requests without anything beside the stack. Nothing is stored, and
//! there is no search: whoever needs that has a collector. The operator's own requests leave no
//! spans, so an export is never the cause of another one.

mod shown;
mod span;
mod store;

use std::io::Read as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use actix_web::error::PayloadError;
use actix_web::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};
use flate2::read::MultiGzDecoder;
use futures_util::StreamExt as _;
use serde_json::{Value, json};
use service_kit::failure::Failure;
use service_kit::serve::resource;
use service_kit::trace::otlp;
use service_kit::trace::{Receive, Settings};
use shared_types::problem::Code;
use shared_types::text::Text;

use super::Operator;
use span::Span;
use store::{LIMITS, Store};

/// The most bytes of a request, compressed or not. A full batch of 512 of this project's spans has a
/// quarter of it.
const MOST_BYTES: usize = 1024 * 1024;

/// The traces, and where this gateway's own spans go instead if somebody has said so.
pub(crate) struct Traces {
    /// `None` if `GATEWAY_TRACES` is off.
    store: Option<Arc<Mutex<Store>>>,
    collector: Option<String>,
}

impl Traces {
    pub(crate) fn new(keeps: bool, collector: Option<&Settings>) -> Self {
        Self {
            store: keeps.then(|| Arc::new(Mutex::new(Store::new(LIMITS)))),
            collector: collector.map(Settings::endpoint),
        }
    }

    /// Takes this gateway's own spans. `None` if no traces are kept.
    pub(crate) fn receive(&self) -> Option<Receive> {
        let store = Arc::clone(self.store.as_ref()?);
        Some(Box::new(move |service, span| {
            if let Some(span) = Span::of(service, span) {
                lock(&store).take(span, Instant::now());
            }
        }))
    }

    /// What the console says of traces.
    pub(super) fn described(&self) -> Value {
        match (&self.collector, &self.store) {
            (Some(collector), _) => json!({ "state": "sent", "to": collector }),
            (None, Some(_)) => json!({ "state": "kept" }),
            (None, None) => json!({ "state": "off" }),
        }
    }

    fn store(&self) -> Result<MutexGuard<'_, Store>, Failure> {
        let off = || not_found(Text::fixed(|say| say.operator.traces_off));
        self.store.as_deref().map(lock).ok_or_else(off)
    }
}

fn lock(store: &Mutex<Store>) -> MutexGuard<'_, Store> {
    // Nothing panics while the lock is held.
    store.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .service(resource(otlp::PATH, "POST").route(web::post().to(receive)))
        .service(resource("/traces/{id}", "GET").route(web::get().to(show)));
}

/// Whether a route gets the spans of the services, which come all the time.
pub(super) fn is_intake(route: Option<&str>) -> bool {
    route == Some(otlp::PATH)
}

async fn show(
    operator: web::Data<Operator>,
    id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    let store = operator.traces.store()?;
    let known = span::id(&id).and_then(|id| store.trace(&id));
    let trace = known.ok_or_else(|| not_found(Text::fixed(|say| say.operator.no_trace)))?;
    let shown = shown::of(&id, trace, Instant::now());
    Ok(HttpResponse::Ok().json(shown))
}

fn not_found(detail: Text) -> Failure {
    Failure::new(Code::RouteNotFound).with_detail(detail)
}

/// A receiver of OTLP over HTTP (<https://opentelemetry.io/docs/specs/otlp/#otlphttp>), in protobuf
/// only, as the programs here send it.
async fn receive(
    request: HttpRequest,
    operator: web::Data<Operator>,
    payload: web::Payload,
) -> Result<HttpResponse, Failure> {
    drop(operator.traces.store()?);
    if !is_protobuf(&request) {
        let only = Text::fixed(|say| say.operator.protobuf_only);
        return Err(Failure::new(Code::UnsupportedMediaType).with_detail(only));
    }
    let is_compressed = is_compressed(&request)?;
    let mut body = whole(payload).await?;
    if is_compressed {
        body = decompressed(&body)?;
    }
    let mut rejected = 0;
    let now = Instant::now();
    let store = operator.traces.store.as_deref();
    let read = otlp::read(body, |service, span| {
        let span = Span::of(service, span);
        let is_taken = span
            .zip(store)
            .is_some_and(|(span, store)| lock(store).take(span, now));
        rejected += u64::from(!is_taken);
    });
    read.map_err(|error| unreadable(&error.to_string()))?;
    let why = "a span without ids, or more of one trace than is kept";
    let answer = otlp::answer(rejected, why);
    Ok(HttpResponse::Ok()
        .content_type(otlp::MEDIA_TYPE)
        .body(answer))
}

fn is_protobuf(request: &HttpRequest) -> bool {
    let announced = request.headers().get(CONTENT_TYPE);
    let announced = announced.and_then(|value| value.to_str().ok());
    let media = announced.and_then(|value| value.split(';').next());
    media.is_some_and(|media| media.trim().eq_ignore_ascii_case(otlp::MEDIA_TYPE))
}

/// Whether the body is in gzip, the one coding that OTLP knows.
fn is_compressed(request: &HttpRequest) -> Result<bool, Failure> {
    let mut codings = request.headers().get_all(CONTENT_ENCODING);
    match (codings.next().map(HeaderValue::as_bytes), codings.next()) {
        (None, _) => Ok(false),
        (Some(coding), None) if coding.eq_ignore_ascii_case(b"gzip") => Ok(true),
        (Some(coding), None) if coding.eq_ignore_ascii_case(b"identity") => Ok(false),
        _ => Err(Failure::new(Code::UnsupportedMediaType)
            .with_detail(Text::fixed(|say| say.operator.protobuf_only))
            .with_header(ACCEPT_ENCODING, HeaderValue::from_static("gzip, identity"))),
    }
}

async fn whole(mut payload: web::Payload) -> Result<web::Bytes, Failure> {
    let mut body = web::BytesMut::new();
    while let Some(piece) = payload.next().await {
        let piece = piece.map_err(|error: PayloadError| unreadable(&error.to_string()))?;
        if body.len() + piece.len() > MOST_BYTES {
            return Err(Failure::new(Code::PayloadTooLarge));
        }
        body.extend_from_slice(&piece);
    }
    Ok(body.freeze())
}

/// A small body can have any size decompressed: the bound holds for both.
fn decompressed(body: &[u8]) -> Result<web::Bytes, Failure> {
    let mut whole = Vec::new();
    let mut bounded = MultiGzDecoder::new(body).take(MOST_BYTES as u64 + 1);
    let read = bounded.read_to_end(&mut whole);
    read.map_err(|error| unreadable(&error.to_string()))?;
    if whole.len() > MOST_BYTES {
        return Err(Failure::new(Code::PayloadTooLarge));
    }
    Ok(whole.into())
}

fn unreadable(cause: &str) -> Failure {
    Failure::new(Code::BadRequest)
        .with_detail(Text::fixed(|say| say.operator.no_spans))
        .caused_by(cause.to_owned())
}
