//! The pools of one worker: those of each upstream that it has asked.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use crate::settings::limits::{AnswerLimits, Limits};
use crate::upstream::connection::pool::Plan;
use crate::upstream::connection::replica_pools::ReplicaPools;
use crate::upstream::connection::tls::TlsConfig;
use crate::upstream::running::Upstream;

pub(crate) struct Pools {
    /// By the number of the upstream's pools.
    pools: RefCell<BTreeMap<usize, Rc<ReplicaPools>>>,
    limits: AnswerLimits,
    tls: TlsConfig,
}

impl Pools {
    pub(crate) fn new(limits: &Limits, tls: &TlsConfig) -> Self {
        Self {
            pools: RefCell::default(),
            limits: limits.answers,
            tls: tls.clone(),
        }
    }

    /// The upstream's pools, made when the upstream is first asked.
    pub(crate) fn of(&self, upstream: &Upstream) -> Rc<ReplicaPools> {
        let mut pools = self.pools.borrow_mut();
        let make = || {
            let plan = Plan::new(&upstream.settings, self.limits, &self.tls);
            Rc::new(ReplicaPools::new(&upstream.replicas, plan))
        };
        Rc::clone(pools.entry(upstream.pool).or_insert_with(make))
    }

    /// The pools of a worker for a new configuration, with those of `upstreams` that it has
    /// already. The others close with the last exchange that uses them.
    pub(crate) fn succeeding(
        &self,
        upstreams: &[Arc<Upstream>],
        limits: &Limits,
        tls: &TlsConfig,
    ) -> Self {
        let new = Self::new(limits, tls);
        if new.limits == self.limits {
            let pools = self.pools.borrow();
            let known = upstreams.iter().filter_map(|upstream| {
                let pool = pools.get(&upstream.pool)?;
                Some((upstream.pool, Rc::clone(pool)))
            });
            new.pools.borrow_mut().extend(known);
        }
        new
    }
}
