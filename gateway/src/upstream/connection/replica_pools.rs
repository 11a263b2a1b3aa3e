//! The connections of one worker to the replicas of one upstream.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use tokio::time::timeout;

use crate::resilience::balance;
use crate::resilience::balance::replica::{Outcome, ReplicaState};
use crate::upstream::connection::connect::ConnectError;
use crate::upstream::connection::pool::{Lease, Plan, Pool};
use crate::upstream::connection::race;
use crate::upstream::replicas::{LookupError, Replicas};

/// The most replicas that are tried for one connection.
const MOST_RACED: usize = 8;

pub(crate) struct ReplicaPools {
    replicas: Arc<Replicas>,
    plan: Plan,
    /// The pools of the list of replicas with this version.
    current: RefCell<(u64, Rc<[Rc<Pool>]>)>,
}

impl balance::Replicas for [Rc<Pool>] {
    fn count(&self) -> usize {
        self.len()
    }

    fn state(&self, index: usize) -> Option<&ReplicaState> {
        self.get(index).map(|pool| &pool.replica().state)
    }
}

impl ReplicaPools {
    pub(super) fn new(replicas: &Arc<Replicas>, plan: Plan) -> Self {
        Self {
            replicas: Arc::clone(replicas),
            plan,
            // No list has this version.
            current: RefCell::new((u64::MAX, Rc::from([]))),
        }
    }

    /// The pools of the replicas that there are now. A replica that stays keeps its connections.
    pub(in crate::upstream) fn all(&self) -> Rc<[Rc<Pool>]> {
        let version = self.replicas.version();
        let mut current = self.current.borrow_mut();
        if current.0 != version {
            let before = Rc::clone(&current.1);
            let replicas = self.replicas.all();
            let pools = replicas.iter().map(|replica| {
                let mut known = before.iter();
                let known = known.find(|pool| Arc::ptr_eq(pool.replica(), replica));
                match known {
                    Some(known) => Rc::clone(known),
                    None => Rc::new(Pool::new(replica, &self.replicas, &self.plan)),
                }
            });
            *current = (version, pools.collect());
        }
        Rc::clone(&current.1)
    }

    /// Connects to `first`, or to another replica if that takes long or fails. A replica that fails
    /// or is overtaken is noted as unreachable.
    pub(super) async fn connect(&self, first: Option<&Rc<Pool>>) -> Result<Lease, ConnectError> {
        let begun = RefCell::new(Vec::new());
        let attempts = async {
            let mut all = self.all();
            if all.is_empty() {
                self.replicas.resolve().await?;
                all = self.all();
            }
            let order = order(&all, first.map(|first| first.replica().address));
            let pause = race::pause(self.plan.connect_timeout, order.len());
            let connected = race::race(&order, pause, |pool| async {
                begun.borrow_mut().push(Rc::clone(pool));
                let connected = pool.connect().await;
                if connected.is_err() {
                    begun.borrow_mut().retain(|one| !Rc::ptr_eq(one, pool));
                    self.unreachable(pool);
                }
                connected
            });
            let connected = connected.await;
            connected.map_err(|failure| failure.unwrap_or(LookupError::NoAddress.into()))
        };
        let connected = timeout(self.plan.connect_timeout, attempts).await;
        let begun = begun.borrow();
        let is_winner = |pool: &&Rc<Pool>| match &connected {
            Ok(Ok(lease)) => Rc::ptr_eq(lease.pool(), pool),
            _ => false,
        };
        let overtaken = begun.iter().take_while(|pool| !is_winner(pool));
        overtaken.for_each(|pool| self.unreachable(pool));
        connected.map_err(|_elapsed| ConnectError::Timeout(self.plan.connect_timeout))?
    }

    fn unreachable(&self, pool: &Pool) {
        self.replicas.note(pool.replica(), Outcome::Unreachable);
    }

    /// Connects to this replica and no other.
    pub(super) async fn connect_to(&self, pool: &Rc<Pool>) -> Result<Lease, ConnectError> {
        let connected = timeout(self.plan.connect_timeout, pool.connect()).await;
        connected.map_err(|_elapsed| ConnectError::Timeout(self.plan.connect_timeout))?
    }
}

/// The replicas to connect to: the chosen one first, then those that get requests.
fn order(all: &[Rc<Pool>], first: Option<SocketAddr>) -> Vec<&Rc<Pool>> {
    let now = Instant::now();
    let address = |pool: &&Rc<Pool>| pool.replica().address;
    let (mut good, away): (Vec<_>, Vec<_>) = all
        .iter()
        .partition(|pool| pool.replica().state.is_available(now));
    good.extend(away);
    let addresses: Vec<_> = good.iter().map(address).collect();
    let order = race::in_order(&addresses, first).into_iter();
    let pools =
        order.filter_map(|wanted| good.iter().find(|pool| address(pool) == wanted).copied());
    pools.take(MOST_RACED).collect()
}

#[cfg(test)]
mod tests;
