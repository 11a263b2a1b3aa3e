//! Asks each upstream with a configured probe every second whether it is well, so that an outage
//! and its end show without traffic.
//!
//! Only one probe runs at a time: while the circuit is open, the upstream sees nothing else.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use http::header::ACCEPT;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue};
use tokio::time::{sleep, timeout};
use tokio_util::task::AbortOnDropHandle;

use crate::fault::Fault;
use crate::resilience::guard::{Check, Phase};
use crate::settings::limits::Limits;
use crate::upstream::{Fetched, Pool, Pools, TlsConfig, Upstream, ask_directly, is_outage};

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
    pool: Rc<Pool>,
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
            let pool = pools.of(upstream);
            let known = before.iter().position(|one| one.is_of(upstream, &pool));
            self.under_way.push(match known {
                Some(known) => before.swap_remove(known),
                None => Probing::begin(upstream, pool, target.clone()),
            });
        }
        self.pools = Some(pools);
    }
}

impl Probing {
    fn begin(upstream: &Arc<Upstream>, pool: Rc<Pool>, target: PathAndQuery) -> Self {
        let watch = Watch {
            target,
            pool: Rc::clone(&pool),
            upstream: Arc::clone(upstream),
        };
        Self {
            upstream: Arc::clone(upstream),
            pool,
            _task: AbortOnDropHandle::new(actix_web::rt::spawn(watch.watch())),
        }
    }

    /// Whether it does for this upstream what a new one would do: it asks the same path on the same
    /// connections, and tells the same circuit.
    fn is_of(&self, upstream: &Upstream, pool: &Rc<Pool>) -> bool {
        Rc::ptr_eq(&self.pool, pool)
            && self.upstream.settings.probe == upstream.settings.probe
            && self.upstream.guard.has_circuit_of(&upstream.guard)
    }
}

struct Watch {
    upstream: Arc<Upstream>,
    pool: Rc<Pool>,
    target: PathAndQuery,
}

impl Watch {
    async fn watch(self) {
        loop {
            self.probe().await;
            // While the circuit is open, it sets the time.
            sleep(match self.upstream.guard.phase() {
                Phase::Open { retry_after } => retry_after,
                Phase::Closed | Phase::HalfOpen { .. } => EVERY,
            })
            .await;
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

    /// Asks the upstream whether it is well, and tells its circuit.
    async fn ask(&self, check: Check) -> bool {
        let mut fields = HeaderMap::new();
        fields.insert(ACCEPT, HeaderValue::from_static("*/*"));
        let from = (&*self.upstream, &self.pool);
        let asked = ask_directly(from, &self.target, fields, (EVERY, MOST));
        match timeout(EVERY, asked).await {
            Ok(Ok(Fetched { heard, .. })) if is_outage(heard.status) => {
                check.failed(&format!("probe: the upstream answered {}", heard.status));
                return false;
            }
            Ok(Ok(_)) => check.succeeded(),
            Ok(Err(Fault::Upstream { cause, .. })) => {
                check.failed(&format!("probe: {cause}"));
                return false;
            }
            Ok(Err(_)) => return false,
            Err(_elapsed) => {
                check.failed("probe: no answer in time");
                return false;
            }
        }
        true
    }
}
