//! The console's way to the public API, from the page's own origin: `/public/order-api/menu` is `/order-api/menu` as a
//! client gets it, the listener left out.

use std::sync::Arc;

use actix_service::{Service as _, apply_fn_factory};
use actix_web::dev::{HttpServiceFactory, ServiceRequest};
use actix_web::http::uri::PathAndQuery;
use actix_web::{HttpMessage as _, web};
use service_kit::request_id::{self, RequestId};
use service_kit::serve::Draining;

use crate::dispatch::Worker;
use crate::entrance;
use crate::proxy::TlsConfig;
use crate::state::State;

const PREFIX: &str = "/public";

pub(super) fn scope(state: &Arc<State>, tls: &TlsConfig) -> impl HttpServiceFactory + use<> {
    let worker = Worker::new(state, tls, Draining::default(), true);
    let service = apply_fn_factory(entrance::service(worker), |mut request, service| {
        make_public(&mut request);
        service.call(request)
    });
    web::scope(PREFIX).default_service(service)
}

fn make_public(request: &mut ServiceRequest) {
    // The id that the answer will have.
    let id = request
        .extensions()
        .get::<RequestId>()
        .map(RequestId::header_value);
    let uri = request
        .uri()
        .path_and_query()
        .map_or("/", PathAndQuery::as_str);
    let target = uri
        .strip_prefix(PREFIX)
        .filter(|target| target.starts_with('/'));
    let target = target.unwrap_or("/").parse();
    let head = request.head_mut();
    if let Ok(target) = target {
        head.uri = target;
    }
    if let Some(id) = id {
        head.headers.insert(request_id::HEADER, id);
    }
}
