//! The replicas of an upstream: the addresses that its URL leads to now, with what is known of each.
//!
//! All workers share them. An address that stays keeps its figures when others join or leave.

pub(crate) mod lookups;

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Instant;

use tokio::net::lookup_host;

use crate::resilience::balance::replica::{Outcome, ReplicaState};
use crate::resilience::balance::{self, Tried, ejection};
use crate::resilience::guard::{Evidence, Witness};
use crate::settings::{Endpoint, UpstreamUrl};

/// Why no address is known.
#[derive(Debug, thiserror::Error)]
pub(super) enum LookupError {
    #[error("the upstream's name cannot be resolved")]
    Dns(#[source] io::Error),
    #[error("the upstream's name has no address")]
    NoAddress,
}

/// The most addresses of one upstream. Further ones of a name are ignored.
const MOST: usize = 1024;

pub(crate) struct Replica {
    pub(crate) address: SocketAddr,
    /// The host that it is asked as.
    pub(super) endpoint: Endpoint,
    pub(crate) state: ReplicaState,
}

pub(crate) struct Replicas {
    /// The upstream's name, for the log.
    name: Arc<str>,
    endpoints: Vec<Endpoint>,
    now: RwLock<Arc<[Arc<Replica>]>>,
    count: AtomicUsize,
    /// Changes with every new list.
    version: AtomicU64,
    /// Whether a name has stopped resolving.
    is_outdated: AtomicBool,
    /// Ejections are decided one after the other, or two workers could eject more than may be.
    ejecting: Mutex<()>,
}

impl balance::Replicas for [Arc<Replica>] {
    fn count(&self) -> usize {
        self.len()
    }

    fn state(&self, index: usize) -> Option<&ReplicaState> {
        self.get(index).map(|replica| &replica.state)
    }
}

impl Replicas {
    /// The addresses in the URL are known at once, those of its names once they are resolved.
    pub(crate) fn new(name: &Arc<str>, url: &UpstreamUrl) -> Arc<Self> {
        let replicas = Self {
            name: Arc::clone(name),
            endpoints: url.endpoints.clone(),
            now: RwLock::new(Arc::default()),
            count: AtomicUsize::default(),
            version: AtomicU64::default(),
            is_outdated: AtomicBool::default(),
            ejecting: Mutex::default(),
        };
        let literal = replicas.endpoints.iter();
        let literal = literal.filter_map(|endpoint| Some((endpoint, endpoint.address()?)));
        let literal = literal.collect();
        replicas.replace(literal, Instant::now());
        Arc::new(replicas)
    }

    /// Whether any address comes from a name.
    pub(crate) fn have_names(&self) -> bool {
        self.endpoints.iter().any(|one| one.address().is_none())
    }

    pub(crate) fn all(&self) -> Arc<[Arc<Replica>]> {
        Arc::clone(&self.now.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// All of them, if there are several. Of a single one, no figures are kept.
    pub(crate) fn several(&self) -> Vec<Arc<Replica>> {
        let all = self.all();
        if all.len() < 2 {
            Vec::new()
        } else {
            all.to_vec()
        }
    }

    /// Whether there is nothing to choose.
    pub(super) fn is_one(&self) -> bool {
        self.count.load(Ordering::Relaxed) < 2
    }

    /// A number that changes with every new list.
    pub(super) fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    /// Resolves the names again. A name that cannot be resolved keeps its addresses.
    ///
    /// # Errors
    /// There is no address at all.
    pub(super) async fn resolve(&self) -> Result<(), LookupError> {
        let known = self.all();
        let mut found = Vec::new();
        let mut failure = None;
        for endpoint in &self.endpoints {
            if let Some(address) = endpoint.address() {
                found.push((endpoint, address));
                continue;
            }
            let before = found.len();
            match lookup_host((endpoint.host(), endpoint.port())).await {
                Ok(addresses) => found.extend(addresses.map(|address| (endpoint, address))),
                Err(error) => failure = Some(LookupError::Dns(error)),
            }
            if found.len() == before {
                failure = failure.or(Some(LookupError::NoAddress));
                let kept = known.iter().filter(|one| one.endpoint == *endpoint);
                found.extend(kept.map(|one| (endpoint, one.address)));
            }
        }
        self.tell(failure.as_ref(), found.is_empty());
        match failure {
            Some(failure) if found.is_empty() => Err(failure),
            _ => {
                self.replace(found, Instant::now());
                Ok(())
            }
        }
    }

    /// Logs that a name has stopped resolving, once. Without any address, each request says so.
    fn tell(&self, failure: Option<&LookupError>, has_none: bool) {
        let was = self
            .is_outdated
            .swap(failure.is_some() && !has_none, Ordering::Relaxed);
        let upstream = &*self.name;
        match failure {
            Some(failure) if !was && !has_none => {
                log::warn!(upstream = upstream; "{failure}, its last addresses stay in use");
            }
            None if was => log::info!(upstream = upstream; "its name is resolved again"),
            _ => {}
        }
    }

    /// Makes these the replicas. Those that are known already keep their state.
    fn replace(&self, found: Vec<(&Endpoint, SocketAddr)>, now: Instant) {
        let before = self.all();
        let mut replicas: Vec<Arc<Replica>> = Vec::with_capacity(found.len());
        for (endpoint, address) in found {
            // Two names may lead to the same address.
            if replicas.len() == MOST || replicas.iter().any(|one| one.address == address) {
                continue;
            }
            let mut known = before.iter();
            let known = known.find(|one| one.address == address && one.endpoint == *endpoint);
            replicas.push(match known {
                Some(known) => Arc::clone(known),
                None => Arc::new(Replica {
                    address,
                    endpoint: endpoint.clone(),
                    state: ReplicaState::new(free_seat(&before, &replicas), now),
                }),
            });
        }
        // A resolver gives the same addresses in another order each time.
        replicas.sort_by_key(|one| one.address);
        let is_same = before.len() == replicas.len()
            && before
                .iter()
                .zip(&replicas)
                .all(|(one, other)| Arc::ptr_eq(one, other));
        if is_same {
            return;
        }
        if !before.is_empty() {
            let all: Vec<_> = replicas.iter().map(|one| one.address.to_string()).collect();
            log::info!(upstream = &*self.name; "its replicas are now {}", all.join(", "));
        }
        self.count.store(replicas.len(), Ordering::Relaxed);
        *self.now.write().unwrap_or_else(PoisonError::into_inner) = replicas.into();
        self.version.fetch_add(1, Ordering::Release);
    }

    /// Whether a replica that gets requests was not tried yet.
    pub(super) fn has_untried(&self, tried: Tried) -> bool {
        let (all, now) = (self.all(), Instant::now());
        let states = all.iter().map(|one| &one.state);
        let mut good = states.filter(|state| state.is_available(now));
        good.any(|state| !tried.has(state))
    }

    /// Notes how an exchange with a replica went.
    pub(super) fn note(&self, replica: &Replica, outcome: Outcome) {
        let now = Instant::now();
        if matches!(outcome, Outcome::Answered(_)) {
            replica.state.note(outcome, now);
            return;
        }
        let ejected = {
            let _one_at_a_time = self.ejecting.lock().unwrap_or_else(PoisonError::into_inner);
            ejection::settle(&*self.all(), &replica.state, outcome, now)
        };
        if let Some(time) = ejected {
            let why = match outcome {
                Outcome::Unreachable => "accepts no connection",
                _ => "fails its requests",
            };
            log::warn!(
                upstream = &*self.name, replica = replica.address.to_string().as_str();
                "the replica {why}, it gets nothing new for {}",
                humantime::format_duration(time)
            );
        }
    }

    /// Notes what the probe of a replica says.
    pub(super) fn probed(&self, replica: &Replica, is_well: bool) {
        let is_news = replica.state.probed(is_well, Instant::now());
        // With one replica, this is the state of the upstream, which is told already.
        if !is_news || self.is_one() {
            return;
        }
        let (upstream, address) = (&*self.name, replica.address.to_string());
        if is_well {
            log::info!(upstream = upstream, replica = address.as_str(); "the replica is well again");
        } else {
            log::warn!(
                upstream = upstream, replica = address.as_str();
                "the replica's probe fails, it gets nothing new"
            );
        }
    }

    /// The replica as a witness of its outcome.
    pub(super) fn witness(&self, replica: &Replica, evidence: Evidence) -> Witness {
        let others = match evidence {
            Evidence::Answered => 0,
            _ => {
                let (all, now) = (self.all(), Instant::now());
                let others = all.iter().filter(|one| one.address != replica.address);
                let others = others.filter(|one| one.state.is_available(now));
                others.fold(0, |bits, one| bits | one.state.bit())
            }
        };
        Witness {
            own: replica.state.bit(),
            others,
        }
    }
}

/// The lowest seat that no other replica has, or will have had a moment ago.
fn free_seat(before: &[Arc<Replica>], now: &[Arc<Replica>]) -> usize {
    let taken = before
        .iter()
        .chain(now)
        .fold(0, |bits, one| bits | one.state.bit());
    match u64::trailing_ones(taken) {
        64 => now.len(),
        free => free as usize,
    }
}
