//! Takes a request: answers 202 once it is on the disk.

use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LANGUAGE, HeaderMap, LOCATION};
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Map, Value};
use service_kit::access::Caller;
use service_kit::client_address::ClientAddress;
use service_kit::failure::Failure;
use service_kit::idempotency::{canonical, key_name};
use service_kit::input::MAX_JSON_BYTES;
use service_kit::observe::lang_of;
use shared_types::field::FromText as _;
use shared_types::id::DeferredId;
use shared_types::order::deferred::Promise;
use shared_types::problem::Code;
use shared_types::value::Timestamp;

use super::{Counter, shown};
use crate::request::{Kept, NOT_BEFORE, SENT_BEFORE};
use crate::store::New;

pub(super) async fn take(
    counter: web::Data<Counter>,
    request: HttpRequest,
    caller: Caller,
    upstream: web::Path<(String, String)>,
    payload: web::Payload,
) -> Result<HttpResponse, Failure> {
    let (upstream, _decoded) = upstream.into_inner();
    let known = counter.upstreams.iter().find(|name| **name == upstream);
    let upstream = *known.ok_or_else(|| Failure::new(Code::RouteNotFound))?;
    let target = target(&request).ok_or_else(|| Failure::new(Code::RouteNotFound))?;
    let headers = request.headers();
    let key = key_name(headers)?;
    let body = payload.to_bytes_limited(MAX_JSON_BYTES).await;
    let body = body
        .map_err(|_over| Failure::new(Code::PayloadTooLarge))?
        .map_err(|error| Failure::new(Code::BadRequest).caused_by(error.to_string()))?;
    let method = request.method().as_str();
    let compared = compared(headers, &body);
    let fingerprint = counter.vault.fingerprint(&[
        method.as_bytes(),
        target.as_bytes(),
        &compared,
        most(headers),
    ]);
    let kept = Kept::of(headers, body.to_vec(), caller == Caller::Peer);
    let id = DeferredId::generate().to_string();
    let plain = kept.encode().map_err(Failure::internal)?;
    let owner = match caller {
        Caller::Client { client, .. } => Some(client.to_string()),
        Caller::Anyone | Caller::Peer => None,
    };
    let entry = counter
        .store
        .take(New {
            upstream,
            client: client(owner.as_deref(), headers),
            owner,
            // A minted key is the same at every repeat of the delivery.
            key: key.unwrap_or_else(|| id.clone()),
            fingerprint,
            method: method.to_owned(),
            target,
            request: counter.vault.seal(&id, plain)?,
            bytes: kept.bytes(),
            is_unsure: headers.contains_key(SENT_BEFORE),
            not_before: not_before(headers),
            id,
        })
        .await?;
    let lang = lang_of(&request);
    let mut answer = HttpResponse::Accepted();
    answer.insert_header((LOCATION, format!("/differe/{}", entry.id)));
    match entry.promise(lang) {
        Some(promise) => Ok(answer
            .insert_header((CONTENT_LANGUAGE, lang.tag()))
            .json(beside(&body, &promise)?)),
        // A key that is repeated later gets what became of the request.
        None => shown(answer, &request, entry),
    }
}

/// When planned work on the upstream ends. The gateway writes it, and 0 otherwise.
fn not_before(headers: &HeaderMap) -> i64 {
    let told = headers.get(NOT_BEFORE).and_then(|told| told.to_str().ok());
    let told = told.and_then(|told| Timestamp::from_text(told).ok());
    told.map_or(0, Timestamp::millis)
}

/// What the client sent, with the promise in it: a frontend that shows an order shows this one. A body
/// that is no plain JSON object is left out.
fn beside(body: &[u8], promise: &Promise) -> Result<Map<String, Value>, Failure> {
    let mut whole: Map<String, Value> = serde_json::from_slice(body).unwrap_or_default();
    let promise = serde_json::to_value(promise).map_err(Failure::internal)?;
    if let Value::Object(promise) = promise {
        whole.extend(promise);
    }
    Ok(whole)
}

/// What is behind the upstream's name, as it was sent: decoding it could make another path of it.
fn target(request: &HttpRequest) -> Option<String> {
    let sent = request.uri().path_and_query()?.as_str();
    let (_upstream, target) = sent.strip_prefix("/deferred/")?.split_once('/')?;
    Some(format!("/{target}"))
}

/// The limit on the total, which is a part of what the client asks.
fn most(headers: &HeaderMap) -> &[u8] {
    headers
        .get("x-max-total")
        .map_or(b"", |most| most.as_bytes())
}

/// The body as it is compared with that of the same key: however its JSON is spelled.
fn compared(headers: &HeaderMap, body: &[u8]) -> Vec<u8> {
    if headers.contains_key(CONTENT_ENCODING) {
        return body.to_vec();
    }
    canonical(body).unwrap_or_else(|_no_json| body.to_vec())
}

/// The client whose entries are delivered in order and counted together.
fn client(owner: Option<&str>, headers: &HeaderMap) -> String {
    match (owner, ClientAddress::of(headers)) {
        (Some(owner), _) => format!("client {owner}"),
        (None, Some(address)) => format!("address {address}"),
        // It did not come through the gateway.
        (None, None) => "inside".to_owned(),
    }
}
