//! Who answers a request: the gateway itself or an upstream, once its client's quotas admit it.

use std::net::{IpAddr, Ipv6Addr};
use std::rc::Rc;
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::http::header::HeaderValue;
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse};
use service_kit::serve::Draining;
use shared_types::problem::Code;

use crate::answer::outage_policy::{Way, X_DRILL};
use crate::answer::record::Record;
use crate::answer::reply::Reply;
use crate::application::state::State;
use crate::config::Config;
use crate::fault::refusal::Refusal;
use crate::fault::{ClientFault, Fault};
use crate::operator::pages;
use crate::resilience::rate::{Client, Exceeded, Standing};
use crate::restaurant::tracking;
use crate::routing::route::{Found, To, ToUpstream};
use crate::upstream::{Pools, TlsConfig};

/// What a worker serves with. All but the connections is shared.
pub(crate) struct Worker {
    pub(crate) config: Arc<Config>,
    pub(crate) state: Arc<State>,
    pub(crate) pools: Pools,
    pub(crate) draining: Draining,
    pub(crate) asker: Asker,
}

/// Who sends the requests that a worker serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asker {
    /// The public, whose requests count against quotas.
    Clients,
    /// A rehearsal, in the place of a client.
    Rehearsal,
    /// The gateway for itself: no client is waiting.
    Gateway,
}

impl Worker {
    pub(crate) fn new(
        state: &Arc<State>,
        tls: &TlsConfig,
        draining: Draining,
        asker: Asker,
    ) -> Rc<Self> {
        Rc::new(Self {
            config: Arc::clone(&state.config),
            state: Arc::clone(state),
            pools: Pools::new(&state.config.upstreams, &state.config.limits, tls),
            draining,
            asker,
        })
    }

    /// Who answers a request, and what.
    pub(crate) async fn dispatch(
        &self,
        request: &HttpRequest,
        payload: Payload,
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
            record.route = Some(Arc::clone(route));
        }
        let standing = match self.count(request, &found) {
            Ok(standing) => standing,
            Err(exceeded) => {
                self.state.metrics.rate_limited.inc();
                return Reply::to(request, record).too_many(&exceeded);
            }
        };
        let mut response = match refusal {
            Some(refusal) => Reply::to(request, record).no_request(refusal),
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
        let is_counting = self.asker == Asker::Clients;
        let Some(general) = self.config.rate_limit.as_ref().filter(|_| is_counting) else {
            return Ok(None);
        };
        let of_route = match found {
            Found::Route { route, .. } if route.is_probe() => return Ok(None),
            Found::Route { route, .. } => route.rate_limit.as_ref(),
            Found::OtherMethods(_) | Found::Nothing => None,
        };
        let client = self.client_of(request);
        general.admit(client)?;
        of_route.map(|limit| limit.admit(client)).transpose()
    }

    /// Who asks. A client that has gone before it was accepted has no address any more: all those share one.
    pub(crate) fn client_of(&self, request: &HttpRequest) -> IpAddr {
        let peer = request.peer_addr();
        let peer = peer.map_or(Ipv6Addr::UNSPECIFIED.into(), |peer| peer.ip());
        let proxies = &self.config.trusted_proxies;
        proxies.client_address(peer, request.headers())
    }

    /// Whose share of an upstream a request takes. The gateway's own are nobody's.
    pub(crate) fn share_of(&self, request: &HttpRequest) -> Option<Client> {
        let is_of_client = self.asker == Asker::Clients;
        is_of_client.then(|| Client::from(self.client_of(request)))
    }

    async fn answer(
        &self,
        request: &HttpRequest,
        payload: Payload,
        found: Found<'_, '_>,
        record: &mut Record,
    ) -> HttpResponse {
        let (route, parameters) = match found {
            Found::Route { route, parameters } => (route, parameters),
            Found::OtherMethods(allow) => return Reply::to(request, record).other_method(allow),
            Found::Nothing => return Reply::to(request, record).problem(Code::RouteNotFound),
        };
        let to = match &route.to {
            To::Own(page) => {
                let answer = pages::answer(*page, request, &parameters, self);
                let unknown = || Reply::to(request, record).problem(Code::RouteNotFound);
                return answer.unwrap_or_else(unknown);
            }
            To::Tracking(view) => {
                // Boxed, or each request would carry the room that this one needs.
                let answer = tracking::answer(self, request, *view, &parameters, record);
                return Box::pin(answer).await;
            }
            To::Upstream(to) => to,
        };
        let Some(way) = self.way(to, &route.path) else {
            let fault = Fault::Internal("a route without its upstream".to_owned());
            return Reply::to(request, record).fault(&fault, None);
        };
        record.upstream = Some(Arc::clone(&way.upstream.name));
        let prefix = &way.upstream.url.prefix;
        let target = match to.target.fill(prefix, &parameters, request.uri().query()) {
            Ok(target) => target,
            Err(_unfit) => {
                let fault = Fault::Client(ClientFault::Malformed);
                return Reply::to(request, record).fault(&fault, None);
            }
        };
        let mut response = way.answer(request, payload, target, record).await;
        if let Some(mode) = way.drilled(&response, record) {
            response
                .headers_mut()
                .insert(X_DRILL, HeaderValue::from_static(mode.as_str()));
        }
        response
    }

    fn way<'w>(&'w self, to: &'w ToUpstream, path: &'w str) -> Option<Way<'w>> {
        Some(Way {
            worker: self,
            to,
            path,
            upstream: self.config.upstreams.get(to.upstream)?,
            pool: self.pools.of(to.upstream)?,
            guard: self.state.guards.get(to.upstream)?,
        })
    }
}
