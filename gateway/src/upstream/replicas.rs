//! The replicas of an upstream: the addresses that its URL leads to now, with the state of each.
//!
//! All workers share them. An address that stays keeps its figures when others join or leave.

pub(crate) mod lookups;
mod notes;
mod resolver;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;

use crate::resilience::balance;
use crate::resilience::balance::replica::ReplicaState;
use crate::settings::{Endpoint, UpstreamUrl};
pub(super) use resolver::LookupError;
use resolver::Resolver;

/// The most addresses of one upstream. Further ones of a name are ignored.
const MOST: usize = 1024;

/// How long a replica that has left is remembered: some resolvers give a part of the addresses each
/// time.
const REMEMBERED: Duration = Duration::from_secs(60);

/// How many addresses a log line names.
const SHOWN: usize = 8;

pub(crate) struct Replica {
    pub(crate) address: SocketAddr,
    /// The host that it is asked as.
    pub(super) endpoint: Endpoint,
    pub(crate) state: ReplicaState,
}

pub(crate) struct Replicas {
    /// The upstream's name, for the log.
    name: Arc<str>,
    resolver: Resolver,
    sources: Mutex<Sources>,
    now: RwLock<Arc<[Arc<Replica>]>>,
    count: AtomicUsize,
    /// Changes with every new list.
    version: AtomicU64,
    /// Ejections are decided one after the other, or two workers could eject more than may be.
    ejecting: Mutex<()>,
}

/// What the list of replicas is made of.
#[derive(Default)]
struct Sources {
    endpoints: Vec<Source>,
    /// Those that have left lately, and when.
    left: Vec<(Instant, Arc<Replica>)>,
}

/// A host of the URL, with the places where it was last found to be.
struct Source {
    endpoint: Endpoint,
    places: Vec<Place>,
    /// Whether the last lookup of its name failed.
    has_failed: bool,
}

/// Where a replica is.
#[derive(Clone, Debug)]
struct Place {
    /// The host that it is asked as.
    endpoint: Endpoint,
    address: SocketAddr,
}

impl Place {
    fn new(endpoint: &Endpoint, address: SocketAddr) -> Self {
        let endpoint = endpoint.clone();
        Self { endpoint, address }
    }
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
    /// The addresses in the URL are known at once, those of its names once they are looked up.
    pub(crate) fn new(name: &Arc<str>, url: &UpstreamUrl) -> Arc<Self> {
        let replicas = Self {
            name: Arc::clone(name),
            resolver: Resolver::default(),
            sources: Mutex::default(),
            now: RwLock::new(Arc::default()),
            count: AtomicUsize::default(),
            version: AtomicU64::default(),
            ejecting: Mutex::default(),
        };
        replicas.follow(url);
        Arc::new(replicas)
    }

    /// Makes these the hosts from now on. Replicas that stay keep their state.
    pub(crate) fn follow(&self, url: &UpstreamUrl) {
        let mut sources = self.sources();
        let mut before = std::mem::take(&mut sources.endpoints);
        let endpoints = url.endpoints.iter().map(|endpoint| {
            let known = before.iter().position(|one| one.endpoint == *endpoint);
            known.map_or_else(
                || {
                    let address = endpoint.address().into_iter();
                    Source {
                        endpoint: endpoint.clone(),
                        places: address.map(|one| Place::new(endpoint, one)).collect(),
                        has_failed: false,
                    }
                },
                |known| before.swap_remove(known),
            )
        });
        sources.endpoints = endpoints.collect();
        self.publish(&mut sources, Instant::now());
    }

    /// The hosts that are names.
    pub(super) fn names(&self) -> Vec<Endpoint> {
        let sources = self.sources();
        let endpoints = sources.endpoints.iter().map(|one| &one.endpoint);
        let names = endpoints.filter(|endpoint| endpoint.address().is_none());
        names.cloned().collect()
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

    /// Waits until any name has an address.
    ///
    /// # Errors
    /// None has.
    pub(super) async fn resolve(&self) -> Result<(), LookupError> {
        let names = self.names();
        let mut lookups: FuturesUnordered<_> =
            names.iter().map(|name| self.look_up(name)).collect();
        let mut failure = LookupError::NoAddress;
        while let Some(found) = lookups.next().await {
            match found {
                Ok(()) => return Ok(()),
                Err(error) => failure = error,
            }
        }
        Err(failure)
    }

    /// Looks up a name. If that fails, it keeps its addresses.
    ///
    /// # Errors
    /// It fails.
    async fn look_up(&self, name: &Endpoint) -> Result<(), LookupError> {
        let before = self.places(name);
        let found = self.resolver.find(name, &before).await;
        let mut sources = self.sources();
        let mut endpoints = sources.endpoints.iter_mut();
        // A reload may have removed it.
        let Some(source) = endpoints.find(|one| one.endpoint == *name) else {
            return found.map(drop);
        };
        let (upstream, host) = (&*self.name, name.host());
        let had_failed = std::mem::replace(&mut source.has_failed, found.is_err());
        match found {
            Ok(places) => {
                if had_failed {
                    log::info!(upstream = upstream, host = host; "the name is resolved again");
                }
                source.places = places;
                self.publish(&mut sources, Instant::now());
                Ok(())
            }
            Err(failure) => {
                if !had_failed {
                    let stay = if source.places.is_empty() {
                        ""
                    } else {
                        ", its last addresses stay in use"
                    };
                    log::warn!(upstream = upstream, host = host; "{failure}{stay}");
                }
                let endpoints = sources.endpoints.iter();
                let mut services = endpoints.filter(|one| one.endpoint.is_service());
                // Otherwise, the answers about the others hold on.
                if services.all(|one| one.has_failed) {
                    self.resolver.doubt();
                }
                Err(failure)
            }
        }
    }

    /// Makes a new list, if anything has changed. Those that are known already keep their state.
    fn publish(&self, sources: &mut Sources, now: Instant) {
        let before = self.all();
        sources
            .left
            .retain(|(since, _)| now.saturating_duration_since(*since) < REMEMBERED);
        let mut replicas: Vec<Arc<Replica>> = Vec::new();
        let mut addresses = BTreeSet::new();
        let places = sources.endpoints.iter().flat_map(|one| &one.places);
        let mut places: Vec<_> = places.collect();
        // A resolver gives the same addresses in another order each time. With too many of them, the
        // same ones are used.
        places.sort_by_key(|place| place.address);
        for Place { endpoint, address } in places {
            // Two names may lead to the same address.
            if replicas.len() == MOST || !addresses.insert(*address) {
                continue;
            }
            let mut known = before.iter().chain(sources.left.iter().map(|(_, one)| one));
            let known = known.find(|one| one.address == *address && one.endpoint == *endpoint);
            replicas.push(match known {
                Some(known) => Arc::clone(known),
                None => Arc::new(Replica {
                    address: *address,
                    endpoint: endpoint.clone(),
                    state: ReplicaState::new(free_seat(&before, &sources.left, &replicas), now),
                }),
            });
        }
        let (joined, left) = (without(&replicas, &before), without(&before, &replicas));
        if joined.is_empty() && left.is_empty() {
            return;
        }
        if !before.is_empty() {
            log::info!(
                upstream = &*self.name;
                "its number of replicas is {} now: joined {}, left {}",
                replicas.len(), shown(&joined), shown(&left)
            );
        }
        sources
            .left
            .retain(|(_, one)| !joined.iter().any(|joined| Arc::ptr_eq(joined, one)));
        sources.left.extend(left.into_iter().map(|one| (now, one)));
        let surplus = sources.left.len().saturating_sub(MOST);
        sources.left.drain(..surplus);
        self.count.store(replicas.len(), Ordering::Relaxed);
        *self.now.write().unwrap_or_else(PoisonError::into_inner) = replicas.into();
        self.version.fetch_add(1, Ordering::Release);
    }

    /// Where this host was last found to be.
    fn places(&self, name: &Endpoint) -> Vec<Place> {
        let sources = self.sources();
        let mut endpoints = sources.endpoints.iter();
        let source = endpoints.find(|one| one.endpoint == *name);
        source.map_or_else(Vec::new, |one| one.places.clone())
    }

    fn sources(&self) -> MutexGuard<'_, Sources> {
        self.sources.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Those of `some` that are not among `others`.
fn without(some: &[Arc<Replica>], others: &[Arc<Replica>]) -> Vec<Arc<Replica>> {
    let others: BTreeSet<_> = others.iter().map(Arc::as_ptr).collect();
    let rest = some
        .iter()
        .filter(|one| !others.contains(&Arc::as_ptr(one)));
    rest.cloned().collect()
}

/// The first addresses, for the log.
fn shown(replicas: &[Arc<Replica>]) -> String {
    let mut texts: Vec<_> = replicas.iter().map(|one| one.address.to_string()).collect();
    let more = texts.len().saturating_sub(SHOWN);
    texts.truncate(SHOWN);
    if more > 0 {
        texts.push(format!("{more} more"));
    }
    if texts.is_empty() {
        return "none".to_owned();
    }
    texts.join(", ")
}

/// The lowest seat that no other replica has, nor one that may come back.
fn free_seat(
    before: &[Arc<Replica>],
    left: &[(Instant, Arc<Replica>)],
    now: &[Arc<Replica>],
) -> usize {
    let left = left.iter().map(|(_, one)| one);
    let all = before.iter().chain(left).chain(now);
    let taken = all.fold(0, |bits, one| bits | one.state.bit());
    match u64::trailing_ones(taken) {
        64 => now.len(),
        free => free as usize,
    }
}
