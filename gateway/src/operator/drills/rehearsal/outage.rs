//! Finds the upstreams that are really down: while one is, a drill shows nothing.

use std::sync::Arc;
use std::time::Duration;

use actix_http::Request;
use actix_service::Service;
use actix_web::body::MessageBody;
use actix_web::dev::ServiceResponse;
use http::HeaderMap;
use http::uri::PathAndQuery;

use super::client::ask;
use crate::answer::site::Site;
use crate::resilience::balance::Tried;
use crate::resilience::guard::Phase;
use crate::upstream::{Pick, Pools, Upstream, ask_directly, is_outage};

/// The same time that the gateway's probe waits for an answer.
const PATIENCE: Duration = Duration::from_secs(1);

const MOST: usize = 64 * 1024;

pub(super) struct Lookout {
    site: Arc<Site>,
    pools: Pools,
    /// Each upstream, with its failures before the first drill.
    upstreams: Vec<(Arc<Upstream>, Failures)>,
}

impl Lookout {
    pub(super) fn new(site: &Arc<Site>) -> Self {
        Self {
            site: Arc::clone(site),
            pools: Pools::new(&site.limits, &site.tls),
            upstreams: site
                .upstreams
                .iter()
                .map(|upstream| (Arc::clone(upstream), Failures::of(upstream)))
                .collect(),
        }
    }

    /// The names of the upstreams that are down, or have been since the first drill.
    pub(super) async fn down<S, B>(&self, service: &S) -> Vec<String>
    where
        S: Service<Request, Response = ServiceResponse<B>, Error = actix_web::Error>,
        B: MessageBody,
    {
        let mut down = Vec::new();
        for (upstream, before) in &self.upstreams {
            let has_been =
                upstream.guard.phase() != Phase::Closed || Failures::of(upstream) != *before;
            let is_down = has_been
                || match &upstream.settings.probe {
                    Some(target) => !self.is_well(upstream, target).await,
                    None => self.seems_down(upstream, service).await,
                };
            if is_down {
                down.push(upstream.name().to_string());
            }
        }
        down
    }

    /// Asks the upstream directly: its circuit takes a few failures to open.
    async fn is_well(&self, upstream: &Upstream, target: &PathAndQuery) -> bool {
        let from = (
            upstream,
            &Pick::of(&self.pools.of(upstream), Tried::default()),
        );
        ask_directly(from, target, HeaderMap::new(), (PATIENCE, MOST))
            .await
            .is_ok_and(|fetched| !is_outage(fetched.heard.status))
    }

    /// Whether an upstream without a probe gives no answer to any feature.
    async fn seems_down<S, B>(&self, upstream: &Arc<Upstream>, service: &S) -> bool
    where
        S: Service<Request, Response = ServiceResponse<B>, Error = actix_web::Error>,
        B: MessageBody,
    {
        let features = self.site.features.iter().filter(|feature| {
            let route = feature.route.as_ref();
            route.is_some_and(|route| Arc::ptr_eq(&route.upstream, upstream))
        });
        let mut seems_down = false;
        for feature in features {
            if let Some(policy) = feature.stored() {
                // A fresh answer would be served, and show nothing.
                self.site.cache.expire(policy);
            }
            if !ask(service, &feature.probe).await.is_outage {
                return false;
            }
            seems_down = true;
        }
        seems_down
    }
}

/// Failures since the start. Both kinds show in `/status`.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Failures {
    circuit_opened: u64,
    probes: u64,
}

impl Failures {
    fn of(upstream: &Upstream) -> Self {
        Self {
            circuit_opened: upstream.metrics.opened.get(),
            probes: upstream.guard.failed_probes(),
        }
    }
}
