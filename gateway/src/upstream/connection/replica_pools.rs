//! The connections of one worker to the replicas of one upstream.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use tokio::time::{timeout, timeout_at};

use crate::resilience::balance;
use crate::resilience::balance::replica::{Outcome, ReplicaState};
use crate::upstream::connection::connect::ConnectError;
use crate::upstream::connection::pool::{Dialed, Lease, Plan, Pool};
use crate::upstream::connection::race;
use crate::upstream::replicas::{LookupError, Replicas};

/// The most replicas that are tried for one connection.
const MOST_RACED: usize = 8;

/// The most replicas that share `connect_timeout`: with more, the pause before the next one would be
/// shorter than a connection may well take.
const MOST_OVERLAPPED: usize = 4;

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
            let pools: Rc<[_]> = pools.collect();
            let left = before
                .iter()
                .filter(|pool| !pools.iter().any(|one| Rc::ptr_eq(one, pool)));
            left.for_each(|pool| pool.leave());
            *current = (version, pools);
        }
        Rc::clone(&current.1)
    }

    /// Connects to `first`, or to another replica if that takes long or fails. Only the TCP
    /// connection counts; TLS follows on the one that won. The replicas that fail or are overtaken
    /// are noted.
    pub(super) async fn connect(&self, first: Option<&Rc<Pool>>) -> Result<Lease, ConnectError> {
        let limit = self.plan.connect_timeout;
        let deadline = tokio::time::Instant::now() + limit;
        let dialing = RefCell::default();
        let raced = timeout_at(deadline, self.race(first, &dialing)).await;
        let dialing = dialing.take();
        let Ok(raced) = raced else {
            self.note_as_failed(&dialing);
            return Err(ConnectError::Timeout(limit));
        };
        let dialed = raced?;
        let winner = Rc::clone(dialed.pool());
        let place = dialing.iter().position(|one| Rc::ptr_eq(one, &winner));
        let (overtaken, _) = dialing.split_at(place.unwrap_or(dialing.len()));
        self.note_as_failed(overtaken);
        match timeout_at(deadline, dialed.finish()).await {
            Ok(finished) => finished.inspect_err(|error| self.failed(&winner, error)),
            Err(_elapsed) => {
                self.note_as_failed(&[winner]);
                Err(ConnectError::Timeout(limit))
            }
        }
    }

    /// The first TCP connection to a replica. `dialing` becomes the replicas to which one was begun
    /// and has not failed, in this order.
    async fn race(
        &self,
        first: Option<&Rc<Pool>>,
        dialing: &RefCell<Vec<Rc<Pool>>>,
    ) -> Result<Dialed, ConnectError> {
        let mut all = self.all();
        if all.is_empty() {
            self.replicas.resolve().await?;
            all = self.all();
        }
        let order = order(&all, first);
        let pause = race::pause(self.plan.connect_timeout, order.len().min(MOST_OVERLAPPED));
        let dialed = race::race(&order, pause, |pool| async {
            dialing.borrow_mut().push(Rc::clone(pool));
            let dialed = pool.dial().await;
            if let Err(error) = &dialed {
                dialing.borrow_mut().retain(|one| !Rc::ptr_eq(one, pool));
                self.failed(pool, error);
            }
            dialed
        });
        let failure = |failure: Option<_>| failure.unwrap_or(LookupError::NoAddress.into());
        dialed.await.map_err(failure)
    }

    fn note_as_failed(&self, pools: &[Rc<Pool>]) {
        for pool in pools {
            self.replicas.note(pool.replica(), Outcome::Failed);
        }
    }

    fn failed(&self, pool: &Pool, error: &ConnectError) {
        if error.is_theirs() {
            self.replicas.note(pool.replica(), Outcome::Unreachable);
        }
    }

    /// Connects to this replica and no other.
    pub(super) async fn connect_to(&self, pool: &Rc<Pool>) -> Result<Lease, ConnectError> {
        let connected = timeout(self.plan.connect_timeout, async {
            pool.dial().await?.finish().await
        });
        let connected = connected.await;
        connected.map_err(|_elapsed| ConnectError::Timeout(self.plan.connect_timeout))?
    }
}

/// The replicas to connect to: the chosen one first, then those that get requests.
fn order<'a>(all: &'a [Rc<Pool>], first: Option<&'a Rc<Pool>>) -> Vec<&'a Rc<Pool>> {
    let now = Instant::now();
    let address = |pool: &&Rc<Pool>| pool.replica().address;
    let is_good = |pool: &&Rc<Pool>| pool.replica().state.is_available(now);
    let (good, away): (Vec<_>, Vec<_>) = all.iter().partition(is_good);
    let candidates = first.into_iter().chain(good).chain(away);
    let candidates: Vec<_> = candidates.take(2 * MOST_RACED).collect();
    let addresses: Vec<_> = candidates.iter().map(address).collect();
    let order = race::in_order(&addresses, addresses.first().copied());
    let pools = order.iter().take(MOST_RACED);
    let pool = |wanted: &SocketAddr| candidates.iter().find(|one| address(one) == *wanted);
    pools.filter_map(|wanted| pool(wanted).copied()).collect()
}

#[cfg(test)]
mod tests;
