//! Finds the upstreams that are really down: while one is, a drill shows nothing.

use std::time::Duration;

use actix_http::Request;
use actix_service::Service;
use actix_web::body::MessageBody;
use actix_web::dev::ServiceResponse;
use http::HeaderMap;
use http::uri::PathAndQuery;
use service_kit::request_id::RequestId;
use tokio::time::Instant;

use super::client::ask;
use crate::application::state::State;
use crate::config::Upstream;
use crate::resilience::guard::{Guard, Phase};
use crate::upstream::{Fetch, Pools, TlsConfig, fetch, is_outage};

/// The same time that the gateway's probe waits for an answer.
const PATIENCE: Duration = Duration::from_secs(1);

const MOST: usize = 64 * 1024;

pub(super) struct Lookout<'a> {
    state: &'a State,
    pools: Pools,
    /// Each upstream's failures before the first drill.
    before: Vec<Failures>,
}

impl<'a> Lookout<'a> {
    pub(super) fn new(state: &'a State, tls: &TlsConfig) -> Self {
        Self {
            state,
            pools: Pools::new(&state.config.upstreams, &state.config.limits, tls),
            before: state
                .guards
                .iter()
                .map(|guard| Failures::of(guard))
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
        for (index, upstream) in self.state.config.upstreams.iter().enumerate() {
            let is_down = self.has_been(index)
                || match &upstream.probe {
                    Some(target) => !self.is_well(index, upstream, target).await,
                    None => self.seems_down(index, service).await,
                };
            if is_down {
                down.push(upstream.name.to_string());
            }
        }
        down
    }

    fn has_been(&self, index: usize) -> bool {
        let before = self.before.get(index).copied();
        self.state.guards.get(index).is_some_and(|guard| {
            guard.phase() != Phase::Closed || Some(Failures::of(guard)) != before
        })
    }

    /// Asks the upstream directly: its circuit takes a few failures to open.
    async fn is_well(&self, index: usize, upstream: &Upstream, target: &PathAndQuery) -> bool {
        let Some(pool) = self.pools.of(index) else {
            return false;
        };
        let id = RequestId::make();
        let answer = fetch(Fetch {
            pool,
            upstream: &upstream.name,
            request_id: id.as_str(),
            target,
            fields: HeaderMap::new(),
            deadline: Instant::now() + PATIENCE,
            most: MOST,
            charge: None,
        });
        answer
            .await
            .is_ok_and(|fetched| !is_outage(fetched.heard.status))
    }

    /// Whether an upstream without a probe gives no answer to any feature.
    async fn seems_down<S, B>(&self, index: usize, service: &S) -> bool
    where
        S: Service<Request, Response = ServiceResponse<B>, Error = actix_web::Error>,
        B: MessageBody,
    {
        let features = self.state.config.features.iter();
        let features =
            features.filter(|feature| feature.route.is_some_and(|route| route.upstream == index));
        let mut seems_down = false;
        for feature in features {
            if let Some(kept) = &feature.stand_in {
                // A fresh answer would be served, and show nothing.
                self.state.keep.expire(kept);
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
    fn of(guard: &Guard) -> Self {
        Self {
            circuit_opened: guard.metrics.opened.get(),
            probes: guard.failed_probes(),
        }
    }
}
