//! Asks each upstream with a configured probe every second whether it is well, so that an outage
//! and its end show without traffic. Each of its replicas is asked; the upstream is well if one is.
//!
//! Only one round runs at a time: while the circuit is open, the upstream sees nothing else.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use http::header::ACCEPT;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_util::task::AbortOnDropHandle;

use crate::fault::Fault;
use crate::resilience::balance::Tried;
use crate::resilience::guard::{Check, Phase};
use crate::settings::limits::Limits;
use crate::upstream::{
    Fetched, Pick, Pools, ReplicaPools, TlsConfig, Upstream, ask_directly, is_outage,
};

/// The pause between probes, and the limit on their answers: an available upstream is noticed
/// within two seconds.
const EVERY: Duration = Duration::from_secs(1);

/// The most bytes of a probe's answer, which says little.
const MOST: usize = 64 * 1024;

/// The probes of all upstreams. Each is a task of its own, so that a new configuration does not
/// disturb those of the upstreams that stay. Dropping it ends them.
#[derive(Default)]
pub(crate) struct Probes {
    pools: Option<Pools>,
    under_way: Vec<Probing>,
}

struct Probing {
    upstream: Arc<Upstream>,
    pools: Rc<ReplicaPools>,
    _task: AbortOnDropHandle<()>,
}

impl Probes {
    /// Probes these upstreams from now on, and no others.
    pub(crate) fn follow(&mut self, upstreams: &[Arc<Upstream>], limits: &Limits, tls: &TlsConfig) {
        let pools = match &self.pools {
            Some(pools) => pools.succeeding(upstreams, limits, tls),
            None => Pools::new(limits, tls),
        };
        let mut before = std::mem::take(&mut self.under_way);
        for upstream in upstreams {
            let Some(target) = &upstream.settings.probe else {
                continue;
            };
            let of_upstream = pools.of(upstream);
            let mut known = before.iter();
            let known = known.position(|one| one.is_of(upstream, &of_upstream));
            self.under_way.push(match known {
                Some(known) => before.swap_remove(known),
                None => Probing::begin(upstream, of_upstream, target.clone()),
            });
        }
        self.pools = Some(pools);
    }
}

impl Probing {
    fn begin(upstream: &Arc<Upstream>, pools: Rc<ReplicaPools>, target: PathAndQuery) -> Self {
        let watch = Watch {
            target,
            pools: Rc::clone(&pools),
            upstream: Arc::clone(upstream),
        };
        Self {
            upstream: Arc::clone(upstream),
            pools,
            _task: AbortOnDropHandle::new(actix_web::rt::spawn(watch.watch())),
        }
    }

    /// Whether it does for this upstream what a new one would do: it asks the same path on the same
    /// connections, and tells the same circuit.
    fn is_of(&self, upstream: &Upstream, pools: &Rc<ReplicaPools>) -> bool {
        Rc::ptr_eq(&self.pools, pools)
            && self.upstream.settings.probe == upstream.settings.probe
            && self.upstream.guard.has_circuit_of(&upstream.guard)
    }
}

struct Watch {
    upstream: Arc<Upstream>,
    pools: Rc<ReplicaPools>,
    target: PathAndQuery,
}

impl Watch {
    async fn watch(self) {
        loop {
            let began = Instant::now();
            if self.upstream.is_closed_for().is_some() {
                // Under planned work, a silence would say nothing.
                sleep_until(began + EVERY).await;
                continue;
            }
            self.probe().await;
            match self.upstream.guard.phase() {
                // While the circuit is open, it sets the time.
                Phase::Open { retry_after } => sleep(retry_after).await,
                // A replica that is silent must not make the others wait.
                Phase::Closed | Phase::HalfOpen { .. } => sleep_until(began + EVERY).await,
            }
        }
    }

    /// Asks the real upstream, even during a drill. A drill's effect on the answer is for the
    /// drill's own circuit.
    async fn probe(&self) {
        let is_well = match self.upstream.guard.check() {
            Some(check) => self.ask(check).await,
            None => false,
        };
        if let Some(drill) = self.upstream.drill("") {
            drill.check(is_well, EVERY);
        }
    }

    /// Asks each replica whether it is well, and tells the circuit of the upstream.
    async fn ask(&self, check: Check) -> bool {
        let pools = self.pools.all();
        let replicas = pools.iter().map(|pool| async {
            let answer = self.ask_one(&Pick::only(&self.pools, pool)).await;
            // Without an answer it is not known.
            if let Some(answer) = &answer {
                let replicas = &self.upstream.replicas;
                replicas.probed(pool.replica(), answer.is_ok());
            }
            answer
        });
        let mut answers = join_all(replicas).await;
        if answers.is_empty() {
            // The name is not resolved yet.
            answers.push(self.ask_one(&Pick::of(&self.pools, Tried::default())).await);
        }
        let mut answers: Vec<_> = answers.into_iter().flatten().collect();
        let is_well = answers.iter().any(Result::is_ok);
        match answers.pop() {
            _ if is_well => check.succeeded(),
            // The work may have begun meanwhile.
            Some(Err(_)) if self.upstream.is_closed_for().is_some() => {}
            Some(Err(cause)) => check.failed(&format!("probe: {cause}")),
            _ => {}
        }
        is_well
    }

    /// Whether the replica is well, or why not. `None` if the gateway itself failed.
    async fn ask_one(&self, pick: &Pick) -> Option<Result<(), String>> {
        let mut fields = HeaderMap::new();
        fields.insert(ACCEPT, HeaderValue::from_static("*/*"));
        let asked = ask_directly((&self.upstream, pick), &self.target, fields, (EVERY, MOST));
        match timeout(EVERY, asked).await {
            Ok(Ok(Fetched { heard, .. })) if is_outage(heard.status) => {
                Some(Err(format!("the upstream answered {}", heard.status)))
            }
            Ok(Ok(fetched)) => {
                self.upstream.learn_waiting(&fetched.body);
                Some(Ok(()))
            }
            Ok(Err(Fault::Upstream { cause, .. })) => Some(Err(cause)),
            Ok(Err(_)) => None,
            Err(_elapsed) => Some(Err("no answer in time".to_owned())),
        }
    }
}
