//! Decides who answers a request, the gateway itself or an upstream, once its client's quotas admit
//! it.

use std::cell::RefCell;
use std::net::{IpAddr, Ipv6Addr};
use std::rc::Rc;
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::http::header::HeaderValue;
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse};
use service_kit::serve::Draining;
use shared_types::problem::Code;

use crate::answer::compression;
use crate::answer::destination::{Asked, Destination, Relayed};
use crate::answer::outage_policy::{UpstreamRow, X_DRILL};
use crate::answer::record::Record;
use crate::answer::reply::Reply;
use crate::answer::site::{Live, Site};
use crate::fault::refusal::Refusal;
use crate::fault::{ClientFault, Fault};
use crate::http::websocket;
use crate::resilience::client::Client;
use crate::resilience::rate::{Exceeded, Standing};
use crate::resilience::shared_store::Wait;
use crate::routing::route::Found;
use crate::upstream::Pools;

/// The worker of one thread. It follows the site that answers now.
pub(crate) struct Following {
    live: RefCell<Live>,
    worker: RefCell<Rc<Worker>>,
}

impl Following {
    pub(crate) fn new(live: Live, draining: Draining, asker: Asker) -> Rc<Self> {
        let worker = Worker::new(live.site(), draining, asker);
        Rc::new(Self {
            live: RefCell::new(live),
            worker: RefCell::new(Rc::new(worker)),
        })
    }

    /// The worker for a new request.
    pub(crate) fn worker(&self) -> Rc<Worker> {
        if let Some(site) = self.live.borrow_mut().replaced() {
            let next = self.worker.borrow().succeeding(site);
            self.worker.replace(Rc::new(next));
        }
        Rc::clone(&self.worker.borrow())
    }
}

/// Everything that a worker serves with. The connections are its own, the rest is shared.
pub(crate) struct Worker {
    pub(crate) site: Arc<Site>,
    pub(crate) pools: Pools,
    pub(crate) draining: Draining,
    pub(crate) asker: Asker,
}

/// The sender of the requests that a worker serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asker {
    /// The public. Its requests count against quotas.
    Clients,
    /// The operator's console in the place of a client. Its requests count as a client's do.
    Console,
    /// A rehearsal in the place of a client.
    Rehearsal,
    /// The gateway itself: no client is waiting.
    Gateway,
}

impl Asker {
    fn has_quotas(self) -> bool {
        matches!(self, Self::Clients | Self::Console)
    }

    /// The name for the operator, unless it is the public.
    pub(crate) fn name(self) -> Option<&'static str> {
        match self {
            Self::Clients => None,
            Self::Console => Some("console"),
            Self::Rehearsal => Some("rehearsal"),
            Self::Gateway => Some("gateway"),
        }
    }
}

impl Worker {
    fn new(site: Arc<Site>, draining: Draining, asker: Asker) -> Self {
        Self {
            pools: Pools::new(&site.limits, &site.tls),
            site,
            draining,
            asker,
        }
    }

    /// The worker of another site, with the connections that it can use too.
    fn succeeding(&self, site: Arc<Site>) -> Self {
        let pools = &self.pools;
        Self {
            pools: pools.succeeding(&site.upstreams, &site.limits, &site.tls),
            site,
            draining: self.draining.clone(),
            asker: self.asker,
        }
    }

    /// Routes a request, and returns the answer.
    pub(crate) async fn dispatch(
        &self,
        request: &HttpRequest,
        payload: Payload,
        record: &mut Record,
    ) -> HttpResponse {
        // A request that HTTP/2 can carry but that must be refused. It still counts, since it does
        // not end the connection.
        let refusal = request.extensions().get::<Refusal>().copied();
        let found = match refusal {
            Some(_) => Found::Nothing,
            None => self
                .site
                .routes
                .find(request.method(), request.uri().path()),
        };
        if let Found::Route { route, .. } = &found {
            record.route = Some(Arc::clone(route));
        }
        let standing = match self.count(request, &found).await {
            Ok(standing) => standing,
            Err(exceeded) => {
                self.site.metrics.rate_limited.inc();
                return Reply::to(request, record).too_many(&exceeded);
            }
        };
        let mut response = match refusal {
            Some(refusal) => Reply::to(request, record).no_request(refusal),
            None => self.answer(request, payload, &found, record).await,
        };
        if let Some(standing) = standing {
            standing.write(response.headers_mut());
        }
        response
    }

    /// Counts a request against its client's quotas, the general one and the route's: both must
    /// admit it. Returns the client's standing with the route's quota, which is the nearer one.
    ///
    /// Probes are free. An orchestrator may share an address with a crowd, and would mistake a busy
    /// gateway for a dead one.
    async fn count<'s>(
        &'s self,
        request: &HttpRequest,
        found: &Found<'s, '_, Destination>,
    ) -> Result<Option<Standing<'s>>, Exceeded<'s>> {
        let is_counting = self.asker.has_quotas();
        let Some(general) = self.site.rate_limit.as_ref().filter(|_| is_counting) else {
            return Ok(None);
        };
        let of_route = match found {
            Found::Route { route, .. } if route.is_probe => return Ok(None),
            Found::Route { route, .. } => match &route.to {
                Destination::Upstream(relayed) => relayed.rate_limit.as_ref(),
                Destination::Own(_) => None,
            },
            Found::OtherMethods(_) | Found::Nothing => None,
        };
        let client = self.client_of(request);
        let mut wait = Wait::default();
        general.admit(client, &mut wait).await?;
        match of_route {
            Some(limit) => limit.admit(client, &mut wait).await.map(Some),
            None => Ok(None),
        }
    }

    /// The client's address. Clients that were gone before they were accepted have none, and share
    /// one.
    pub(crate) fn client_of(&self, request: &HttpRequest) -> IpAddr {
        let peer = request.peer_addr();
        let peer = peer.map_or(Ipv6Addr::UNSPECIFIED.into(), |peer| peer.ip());
        let proxies = &self.site.trusted_proxies;
        proxies.client_address(peer, request.headers())
    }

    /// The client whose share of an upstream a request takes. The gateway's own requests take none.
    pub(crate) fn share_of(&self, request: &HttpRequest) -> Option<Client> {
        let is_of_client = self.asker.has_quotas();
        is_of_client.then(|| Client::from(self.client_of(request)))
    }

    async fn answer(
        &self,
        request: &HttpRequest,
        payload: Payload,
        found: &Found<'_, '_, Destination>,
        record: &mut Record,
    ) -> HttpResponse {
        let (route, parameters) = match found {
            Found::Route { route, parameters } => (*route, parameters),
            Found::OtherMethods(allow) => return Reply::to(request, record).other_method(allow),
            Found::Nothing => return Reply::to(request, record).problem(Code::RouteNotFound),
        };
        if websocket::is_handshake(request.head()) && !route.to.opens_websockets() {
            return Reply::to(request, record).no_request(Refusal::Upgrade);
        }
        let relayed = match &route.to {
            Destination::Own(own) => {
                let asked = Asked {
                    worker: self,
                    request,
                    path: &route.path,
                    parameters,
                    record,
                };
                let answer = own.answer(asked).await;
                let unknown = || Reply::to(request, record).problem(Code::RouteNotFound);
                return answer.unwrap_or_else(unknown);
            }
            Destination::Upstream(relayed) => relayed,
        };
        let Relayed { to, upstream, .. } = relayed;
        let row = UpstreamRow {
            worker: self,
            keeper: relayed.keeper.as_ref(),
            to,
            path: &route.path,
            upstream,
            pools: self.pools.of(upstream),
        };
        record.upstream = Some(Arc::clone(upstream.name()));
        let prefix = &upstream.settings.url.prefix;
        let target = match to.target.fill(prefix, parameters, request.uri().query()) {
            Ok(target) => target,
            Err(_unfit) => {
                let fault = Fault::Client(ClientFault::Malformed);
                return Reply::to(request, record).fault(&fault, None);
            }
        };
        let mut response = row.answer(request, payload, target, record).await;
        if let Some(mode) = row.drilled(&response, record) {
            response
                .headers_mut()
                .insert(X_DRILL, HeaderValue::from_static(mode.as_str()));
        }
        if to.settings.compress {
            let charge = || self.site.memory.charge(self.share_of(request));
            response = compression::apply(response, request, charge);
        }
        response
    }
}
