//! The console's way to the public API, from the page's own origin: `/public/order-api/menu` is `/order-api/menu` as a
//! client gets it, the listener left out.

use actix_service::{Service as _, apply_fn_factory};
use actix_web::dev::{HttpServiceFactory, ServiceRequest};
use actix_web::http::uri::PathAndQuery;
use actix_web::{HttpMessage as _, web};
use service_kit::request_id::{self, RequestId};

use crate::answer::dispatch::{Asker, Worker};
use crate::answer::handler;
use crate::http::protection::protect;
use crate::operator::Operator;

const PREFIX: &str = "/public";

pub(super) fn scope(operator: &Operator) -> impl HttpServiceFactory + use<> {
    let draining = operator.public_draining.clone();
    let worker = Worker::new(&operator.state, &operator.tls, draining, Asker::Clients);
    let service = apply_fn_factory(handler::service(worker), |mut request, service| {
        make_public(&mut request);
        let answered = service.call(request);
        async {
            let mut answer = answered.await?;
            // It comes from the operator's origin here: a page of an upstream's must not run with what that may do.
            protect(answer.headers_mut());
            Ok(answer)
        }
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
