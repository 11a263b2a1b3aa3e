//! Where every request enters, and where its answer leaves.

use std::sync::Arc;

use actix_web::http::header::{
    ACCEPT_LANGUAGE, ALLOW, CONTENT_LANGUAGE, CONTENT_TYPE, HeaderValue, VARY,
};
use actix_web::http::{ConnectionType, Method, StatusCode};
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse, web};
use service_kit::observe::lang_of;
use service_kit::request_id::{self, RequestId};
use service_kit::serve::Draining;
use shared_types::problem::{Code, MEDIA_TYPE, Occurrence, Problem};

use crate::config::{Config, Upstream};
use crate::cors;
use crate::fault::{ClientFault, Fault, UpstreamFault};
use crate::pages;
use crate::proxy::{self, Outgoing, Pools};
use crate::record::Record;
use crate::route::{Found, To};

/// What a worker serves with. All but the connections is shared.
pub(crate) struct Worker {
    pub(crate) config: Arc<Config>,
    pub(crate) pools: Pools,
    pub(crate) draining: Draining,
}

/// The one handler of the public listener.
pub(crate) async fn enter(
    request: HttpRequest,
    payload: web::Payload,
    worker: web::Data<Worker>,
) -> HttpResponse {
    let request_id = RequestId::take_over_or_make(request.headers());
    let mut record = Record::begin(request.method().clone(), request_id.clone());
    let grant = worker.config.origins.grant(request.headers());

    let mut response = if cors::is_preflight(request.method(), request.headers()) {
        cors::preflight_answer(&grant, request.headers())
    } else {
        worker.dispatch(&request, payload, &mut record).await
    };

    cors::apply(&grant, response.headers_mut());
    response
        .headers_mut()
        .insert(request_id::HEADER, request_id.header_value());
    record.follow(response)
}

impl Worker {
    async fn dispatch(
        &self,
        request: &HttpRequest,
        payload: web::Payload,
        record: &mut Record,
    ) -> HttpResponse {
        // What the protocol itself forbids has been found by whoever speaks it with the client.
        let found = request.extensions().get::<ClientFault>().copied();
        if let Some(fault) = found {
            return refuse(request, Fault::Client(fault), None, record);
        }
        if let Err(fault) = self.config.limits.admit(request) {
            return refuse(request, Fault::Client(fault), None, record);
        }
        let (route, parameters) = match self
            .config
            .routes
            .find(request.method(), request.uri().path())
        {
            Found::Route { route, parameters } => (route, parameters),
            Found::OtherMethods(allow) => return other_method(request, allow, record),
            Found::Nothing => return problem(request, Code::RouteNotFound, None, record),
        };
        record.route = Some(Arc::clone(&route.path));
        let (index, target) = match &route.to {
            To::Own(page) => return pages::answer(*page, &self.draining),
            To::Upstream { upstream, target } => (*upstream, target),
        };
        let (Some(upstream), Some(pool)) = (self.config.upstreams.get(index), self.pools.of(index))
        else {
            return refuse(
                request,
                Fault::Internal("a route without its upstream".to_owned()),
                None,
                record,
            );
        };
        record.upstream = Some(Arc::clone(&upstream.name));
        let prefix = &upstream.url.prefix;
        let target = match target.fill(prefix, &parameters, request.uri().query()) {
            Ok(Some(target)) => target,
            Ok(None) => {
                return refuse(request, Fault::Client(ClientFault::Malformed), None, record);
            }
            Err(_dot_segment) => return problem(request, Code::RouteNotFound, None, record),
        };
        let outgoing = Outgoing {
            request,
            payload,
            target,
            upstream,
            pool,
            request_id: &record.request_id,
            max_body: self.config.limits.request_body,
        };
        match proxy::forward(outgoing).await {
            Ok(response) => response,
            Err(fault) => refuse(request, fault, Some(upstream), record),
        }
    }
}

fn other_method(request: &HttpRequest, allow: &HeaderValue, record: &Record) -> HttpResponse {
    let mut response = if *request.method() == Method::OPTIONS {
        HttpResponse::NoContent().finish()
    } else {
        problem(request, Code::MethodNotAllowed, None, record)
    };
    response.headers_mut().insert(ALLOW, allow.clone());
    response
}

/// Answers a fault and logs its cause.
fn refuse(
    request: &HttpRequest,
    fault: Fault,
    upstream: Option<&Upstream>,
    record: &Record,
) -> HttpResponse {
    let id = record.request_id.as_str();
    let route = record.route.as_deref().unwrap_or("-");
    let at_fault = match &fault {
        Fault::Upstream { fault, cause } => {
            let name = upstream.map_or("-", |upstream| &*upstream.name);
            log::warn!(upstream = name, route = route, request_id = id; "{cause}");
            upstream.map(|upstream| (upstream, *fault))
        }
        Fault::Internal(cause) => {
            log::error!(route = route, request_id = id; "{cause}");
            None
        }
        Fault::Client(_) => None,
    };
    let mut response = problem(request, fault.code(), at_fault, record);
    if matches!(fault, Fault::Client(_)) {
        // What is left of the request's body cannot be told from a next request.
        response
            .head_mut()
            .set_connection_type(ConnectionType::Close);
    }
    response
}

fn problem(
    request: &HttpRequest,
    code: Code,
    at_fault: Option<(&Upstream, UpstreamFault)>,
    record: &Record,
) -> HttpResponse {
    let lang = lang_of(request);
    let occurrence = Occurrence {
        lang,
        instance: request.uri().path(),
        request_id: record.request_id.as_str(),
    };
    let detail = at_fault
        .map(|(upstream, fault)| fault.detail(upstream, request.method()).to(lang).to_owned());
    let mut problem = Problem::new(code, detail, occurrence);
    problem.service = at_fault.map(|(upstream, _)| upstream.name.to_string());
    let status = StatusCode::from_u16(code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    HttpResponse::build(status)
        .insert_header((CONTENT_TYPE, MEDIA_TYPE))
        .insert_header((CONTENT_LANGUAGE, lang.tag()))
        .append_header((VARY, ACCEPT_LANGUAGE.as_str()))
        .json(problem)
}
