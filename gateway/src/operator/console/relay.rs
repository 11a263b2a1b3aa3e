//! The console's way to the public API, from the page's own origin: `/public/order-api/menu` is
//! `/order-api/menu` as a client gets it, without the listener.

use std::sync::Arc;

use actix_service::{Service as _, apply_fn_factory};
use actix_web::dev::{HttpServiceFactory, ServiceRequest};
use actix_web::http::uri::PathAndQuery;
use actix_web::{HttpMessage as _, web};
use service_kit::request_id::{self, RequestId};

use crate::answer::dispatch::{Asker, Following};
use crate::answer::handler;
use crate::http::protection::protect;
use crate::operator::Operator;

const PREFIX: &str = "/public";

/// The fields by which an answer speaks for its whole origin: for its cookies, the stored data, and
/// where a browser connects and reports to. Here that would be the operator's origin.
const FOR_THE_ORIGIN: [&str; 6] = [
    "alt-svc",
    "clear-site-data",
    "nel",
    "report-to",
    "set-cookie",
    "strict-transport-security",
];

pub(super) fn scope(operator: &Operator) -> impl HttpServiceFactory + use<> {
    let draining = operator.public_draining.clone();
    let worker = Following::new(operator.live.clone(), draining, Asker::Console);
    let access = Arc::clone(&operator.access);
    let service = apply_fn_factory(
        handler::service(worker),
        move |mut request: ServiceRequest, service| {
            access.withhold(request.headers_mut());
            make_public(&mut request);
            let answered = service.call(request);
            async {
                let mut answer = answered.await?;
                // Here the answer comes from the operator's origin: an upstream's page must not run
                // with the rights of that origin.
                let fields = answer.headers_mut();
                protect(fields);
                for name in FOR_THE_ORIGIN {
                    fields.remove(name);
                }
                Ok(answer)
            }
        },
    );
    web::scope(PREFIX).default_service(service)
}

fn make_public(request: &mut ServiceRequest) {
    // The answer will have the same id.
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
