//! Where every request enters, and where its answer leaves.

use std::net::{IpAddr, Ipv6Addr};
use std::rc::Rc;
use std::sync::Arc;

use actix_web::body::{BodySize, MessageBody as _};
use actix_web::http::header::{ALLOW, HeaderValue};
use actix_web::http::{ConnectionType, Method, Version};
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse, web};
use service_kit::observe::lang_of;
use service_kit::request_id::{self, RequestId};
use service_kit::serve::Draining;
use shared_types::problem::{Code, Occurrence};

use crate::client_address::Scheme;
use crate::config::{Config, Upstream};
use crate::cors;
use crate::downstream::{Link, Refusal};
use crate::fault::{ClientFault, Fault, UpstreamFault};
use crate::pages;
use crate::problem;
use crate::proxy::{self, Outgoing, Pools};
use crate::rate::{Exceeded, Standing};
use crate::record::Record;
use crate::route::{Found, To};
use crate::trace::Trace;

/// What a worker serves with. All but the connections is shared.
pub(crate) struct Worker {
    pub(crate) config: Arc<Config>,
    pub(crate) pools: Pools,
    pub(crate) draining: Draining,
    /// What clients are served over.
    pub(crate) scheme: Scheme,
}

/// The one handler of the public listener.
pub(crate) async fn enter(
    request: HttpRequest,
    payload: web::Payload,
    worker: web::Data<Worker>,
) -> HttpResponse {
    let request_id = RequestId::take_over_or_make(request.headers());
    let trace = Trace::go_on_or_begin(request.headers(), rand::random());
    let link = request.conn_data::<Rc<Link>>().cloned();
    let mut record = Record::begin(request.method().clone(), request_id.clone(), trace, link);
    let grant = worker.config.origins.grant(request.headers());

    // A preflight is free of the rate limits: no page asks for one itself, a refused one is an error that no script can
    // read, and its answer costs no more than a refusal.
    let mut response = if cors::is_preflight(request.method(), request.headers()) {
        cors::preflight_answer(&grant, request.headers())
    } else {
        worker.dispatch(&request, payload, &mut record).await
    };

    cors::apply(&grant, response.headers_mut());
    response
        .headers_mut()
        .insert(request_id::HEADER, request_id.header_value());
    fit(&mut response, &request);
    if response.head().connection_type() == ConnectionType::Close
        && let Some(link) = &record.link
    {
        link.close();
    }
    record.follow(response)
}

/// Fits the answer to what the server does not mind itself.
fn fit(response: &mut HttpResponse, request: &HttpRequest) {
    let head = response.head_mut();
    if request.version() < Version::HTTP_11 {
        // It knows no chunks (RFC 9112 §6.1); the connection's end delimits the body.
        head.no_chunking(true);
        if response.body().size() == BodySize::Stream {
            response
                .head_mut()
                .set_connection_type(ConnectionType::Close);
        }
    } else if request.head().upgrade() {
        // Without it the server would say, and take it, that it is about to switch (actix-http 3.20).
        head.set_connection_type(ConnectionType::Close);
    }
}

impl Worker {
    async fn dispatch(
        &self,
        request: &HttpRequest,
        payload: web::Payload,
        record: &mut Record,
    ) -> HttpResponse {
        // What HTTP/2 may carry and no request may be. It counts all the same, since it does not end the connection.
        let refusal = request.extensions().get::<Refusal>().copied();
        let found = match refusal {
            Some(_) => Found::Nothing,
            None => self
                .config
                .routes
                .find(request.method(), request.uri().path()),
        };
        if let Found::Route { route, .. } = &found {
            record.route = Some(Arc::clone(&route.path));
        }
        let standing = match self.count(request, &found) {
            Ok(standing) => standing,
            Err(exceeded) => return too_many(request, &exceeded, record),
        };
        let mut response = match refusal {
            Some(refusal) => no_request(request, refusal, record),
            None => self.answer(request, payload, found, record).await,
        };
        if let Some(standing) = standing {
            standing.write(response.headers_mut());
        }
        response
    }

    /// Counts a request against its client's quotas, the general one and its route's: both must admit it. What the
    /// client is told is its standing with the route's, which is nearer.
    ///
    /// The probes are free: whoever watches over the process may share an address with a crowd, and would take a busy
    /// gateway for a dead one.
    fn count<'s>(
        &'s self,
        request: &HttpRequest,
        found: &Found<'s, '_>,
    ) -> Result<Option<Standing<'s>>, Exceeded<'s>> {
        let Some(general) = &self.config.rate_limit else {
            return Ok(None);
        };
        let of_route = match found {
            Found::Route { route, .. } => match route.to {
                To::Own(page) if page.is_probe() => return Ok(None),
                _ => route.rate_limit.as_ref(),
            },
            Found::OtherMethods(_) | Found::Nothing => None,
        };
        let client = self.client_of(request);
        general.admit(client)?;
        of_route.map(|limit| limit.admit(client)).transpose()
    }

    /// Who asks. A client that has gone before it was accepted has no address any more: all those share one.
    fn client_of(&self, request: &HttpRequest) -> IpAddr {
        let peer = request.peer_addr();
        let peer = peer.map_or(Ipv6Addr::UNSPECIFIED.into(), |peer| peer.ip());
        let proxies = &self.config.trusted_proxies;
        proxies.client_address(peer, request.headers())
    }

    async fn answer(
        &self,
        request: &HttpRequest,
        payload: web::Payload,
        found: Found<'_, '_>,
        record: &mut Record,
    ) -> HttpResponse {
        let (route, parameters) = match found {
            Found::Route { route, parameters } => (route, parameters),
            Found::OtherMethods(allow) => return other_method(request, allow, record),
            Found::Nothing => return problem(request, Code::RouteNotFound, None, record),
        };
        let (index, target, settings) = match &route.to {
            To::Own(page) => return pages::answer(*page, &self.draining),
            To::Upstream {
                upstream,
                target,
                settings,
            } => (*upstream, target, settings),
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
            Ok(target) => target,
            Err(_unfit) => {
                return refuse(request, Fault::Client(ClientFault::Malformed), None, record);
            }
        };
        let outgoing = Outgoing {
            request,
            target,
            upstream,
            pool,
            request_id: &record.request_id,
            trace: &record.trace,
            scheme: self.scheme,
            trusted_proxies: &self.config.trusted_proxies,
            link: record.link.as_ref(),
            max_body: settings.request_body,
            timeout: settings.timeout,
        };
        match proxy::forward(outgoing, payload).await {
            Ok(response) => response,
            // The connection was ended on the client, which looks like a body that ends too early.
            Err(Fault::Client(ClientFault::Malformed))
                if record.link.as_ref().is_some_and(|link| link.has_stalled()) =>
            {
                refuse(
                    request,
                    Fault::Client(ClientFault::TooSlow),
                    Some(upstream),
                    record,
                )
            }
            Err(fault) => refuse(request, fault, Some(upstream), record),
        }
    }
}

/// Answers what was found to be no proper request.
fn no_request(request: &HttpRequest, refusal: Refusal, record: &Record) -> HttpResponse {
    log::info!(request_id = record.request_id.as_str(); "refused: {}", refusal.cause());
    problem(request, refusal.code(), None, record)
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

/// Refuses a request over a rate limit. The server closes the connection where there is a body, and keeps it otherwise: a
/// client that waits as told need not connect again.
fn too_many(request: &HttpRequest, exceeded: &Exceeded<'_>, record: &Record) -> HttpResponse {
    let mut response = problem(request, Code::RateLimited, None, record);
    exceeded.write(response.headers_mut());
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
        Fault::Loop => {
            let name = upstream.map_or("-", |upstream| &*upstream.name);
            log::warn!(upstream = name, route = route, request_id = id; "the request keeps coming back here");
            None
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
    let service = at_fault.map(|(upstream, _)| &*upstream.name);
    problem::answer(code, detail, service, occurrence)
}
