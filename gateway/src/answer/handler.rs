//! The handler: every request enters here, and its answer leaves here.

use std::rc::Rc;

use actix_service::{ServiceFactory, fn_service};
use actix_web::body::{BodySize, MessageBody as _};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::header::STRICT_TRANSPORT_SECURITY;
use actix_web::http::{ConnectionType, StatusCode, Version};
use actix_web::{HttpRequest, HttpResponse};
use service_kit::request_id::{self, RequestId};

use crate::answer::dispatch::{Asker, Following, Worker};
use crate::answer::record::{Record, span};
use crate::http::client_connection::ClientConnection;
use crate::http::server_sent;
use crate::http::trace::Trace;
use crate::routing::cors;

/// The service for every request. It does without a handler's extractors, which take time to find
/// values that are already at hand.
pub(crate) fn service(
    following: Rc<Following>,
) -> impl ServiceFactory<
    ServiceRequest,
    Config = (),
    Response = ServiceResponse,
    Error = actix_web::Error,
    InitError = (),
> {
    fn_service(move |request: ServiceRequest| {
        let worker = following.worker();
        async move {
            let (request, payload) = request.into_parts();
            let response = enter(&request, payload, &worker).await;
            Ok(ServiceResponse::new(request, response))
        }
    })
}

async fn enter(request: &HttpRequest, payload: Payload, worker: &Worker) -> HttpResponse {
    let request_id = RequestId::take_over_or_make(request.headers());
    let mut trace = Trace::go_on_or_begin(request.headers(), rand::random());
    if let Some(tracer) = &worker.site.tracer {
        match worker.asker {
            Asker::Gateway => trace.leave_unrecorded(),
            Asker::Clients | Asker::Console | Asker::Rehearsal => trace.record(tracer),
        }
        if let Some(span) = trace.span_mut() {
            span::describe(span, request);
        }
    }
    let connection = request.conn_data::<Rc<ClientConnection>>().cloned();
    let mut record = Record::begin(
        request.method().clone(),
        request_id.clone(),
        trace,
        connection,
        &worker.site,
    );
    record.is_of_client = worker.asker != Asker::Gateway;
    record.asker = worker.asker.name();
    let grant = worker.site.origins.grant(request.headers());

    // A preflight is free of the rate limits: no page asks for one itself, no script can read its
    // refusal, and its answer costs no more than a refusal.
    let mut response = if cors::is_preflight(request.method(), request.headers()) {
        cors::preflight_answer(&grant, request.headers())
    } else {
        worker.dispatch(request, payload, &mut record).await
    };

    cors::apply(&grant, response.headers_mut());
    if let Some(hsts) = &worker.site.hsts {
        // In place of an upstream's: it is for the whole host, and browsers read only one (RFC 6797 §8.1).
        let fields = response.headers_mut();
        fields.insert(STRICT_TRANSPORT_SECURITY, hsts.clone());
    }
    response
        .headers_mut()
        .insert(request_id::HEADER, request_id.header_value());
    let is_delimited_by_end = is_delimited_by_end(&response, request);
    fit(&mut response, request, is_delimited_by_end);
    if let Some(connection) = &record.connection {
        connection.answer_begins();
        if response.head().connection_type() == ConnectionType::Close {
            connection.close();
        }
        if is_delimited_by_end {
            connection.delimit_by_end();
        }
        if server_sent::is_stream(&response) {
            connection.answer_has_no_end();
        }
    }
    record.follow(response)
}

/// Whether only the connection's end can mark the end of the answer: HTTP/1.0 has no chunks (RFC
/// 9112 §6.1).
fn is_delimited_by_end(response: &HttpResponse, request: &HttpRequest) -> bool {
    request.version() < Version::HTTP_11 && response.body().size() == BodySize::Stream
}

/// Sets what the server does not set correctly by itself.
fn fit(response: &mut HttpResponse, request: &HttpRequest, is_delimited_by_end: bool) {
    let head = response.head_mut();
    if is_delimited_by_end {
        head.no_chunking(true);
    }
    // Otherwise the server would announce a switch of protocols, and switch (actix-http 3.20).
    let would_upgrade = request.head().upgrade() && head.status != StatusCode::SWITCHING_PROTOCOLS;
    if would_upgrade || is_delimited_by_end {
        head.set_connection_type(ConnectionType::Close);
    }
}
