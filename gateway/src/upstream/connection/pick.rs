//! The replica that a try goes to.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Instant;

use crate::resilience::balance::replica::Outcome;
use crate::resilience::balance::{Tried, choose};
use crate::resilience::guard::{Evidence, Witness};
use crate::upstream::connection::connect::ConnectError;
use crate::upstream::connection::pool::{Lease, Pool};
use crate::upstream::connection::replica_pools::ReplicaPools;

/// The chosen replica. If it cannot be connected to, another one takes its place.
pub(crate) struct Pick {
    pools: Rc<ReplicaPools>,
    /// The replicas that were tried before.
    tried: Tried,
    /// `None` as long as no address is known.
    pool: RefCell<Option<Rc<Pool>>>,
    /// Whether no other one will do.
    is_fixed: bool,
}

impl Pick {
    /// Chooses a replica, other than those that were tried.
    pub(crate) fn of(pools: &Rc<ReplicaPools>, tried: Tried) -> Self {
        let all = pools.all();
        let index = choose(&*all, tried, rand::random, Instant::now);
        let pool = index.and_then(|index| all.get(index));
        Self::new(pools, tried, pool.map(Rc::clone))
    }

    fn new(pools: &Rc<ReplicaPools>, tried: Tried, pool: Option<Rc<Pool>>) -> Self {
        Self {
            pools: Rc::clone(pools),
            tried,
            pool: RefCell::new(pool),
            is_fixed: false,
        }
    }

    /// This replica and no other.
    pub(in crate::upstream) fn only(pools: &Rc<ReplicaPools>, pool: &Rc<Pool>) -> Self {
        Self {
            is_fixed: true,
            ..Self::new(pools, Tried::default(), Some(Rc::clone(pool)))
        }
    }

    pub(in crate::upstream) fn pool(&self) -> Option<Rc<Pool>> {
        self.pool.borrow().clone()
    }

    /// Takes an idle connection, if there is one.
    pub(in crate::upstream) fn take(&self) -> Option<Lease> {
        self.pool.borrow().as_ref()?.take()
    }

    /// Opens a new connection.
    pub(in crate::upstream) async fn connect(&self) -> Result<Lease, ConnectError> {
        let first = self.pool();
        let lease = match &first {
            Some(only) if self.is_fixed => self.pools.connect_to(only).await?,
            first => self.pools.connect(first.as_ref()).await?,
        };
        self.pool.replace(Some(Rc::clone(lease.pool())));
        Ok(lease)
    }

    /// Notes how the exchange went. Returns which replica says so, for the circuits.
    pub(in crate::upstream) fn settle(
        &self,
        evidence: Evidence,
        outcome: Option<Outcome>,
    ) -> Witness {
        match &*self.pool.borrow() {
            Some(pool) => pool.settle(evidence, outcome),
            None => Witness::ALONE,
        }
    }

    /// Finds out whether a replica accepts a connection, and keeps it for the next exchange.
    pub(in crate::upstream) async fn meet(&self) -> Result<(), ConnectError> {
        if !self.pool().is_some_and(|pool| pool.has_idle()) {
            self.connect().await?.give_back(None);
        }
        Ok(())
    }

    /// The replicas that tries of the request have used, with this one.
    pub(in crate::upstream) fn tried(&self) -> Tried {
        let mut tried = self.tried;
        if let Some(pool) = &*self.pool.borrow() {
            tried.add(&pool.replica().state);
        }
        tried
    }
}

impl Pool {
    /// Notes how an exchange with its replica went, unless that was noted when it was connected to.
    /// Returns which replica says so, for the circuits.
    pub(in crate::upstream) fn settle(
        &self,
        evidence: Evidence,
        outcome: Option<Outcome>,
    ) -> Witness {
        let (replica, siblings) = (self.replica(), self.siblings());
        if siblings.is_one() {
            return Witness::ALONE;
        }
        if let Some(outcome) = outcome {
            siblings.note(replica, outcome);
        }
        siblings.witness(replica, evidence)
    }
}
