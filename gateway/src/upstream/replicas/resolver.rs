//! Finds where the hosts of an upstream's URL are.
//!
//! The system's resolver is asked for the addresses of a host, as it knows the hosts file and the search
//! domains of a cluster. It knows no SRV records. A resolver of the gateway's own asks for these, with
//! the system's settings, and keeps each answer for as long as the answer says.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures_util::future::join;
use futures_util::{StreamExt as _, stream};
use hickory_resolver::TokioResolver;
use hickory_resolver::proto::rr::rdata::SRV;
use hickory_resolver::proto::rr::{Name, RData, RecordType};
use tokio::net::lookup_host;
use tokio::time::timeout;

use super::{MOST, Place};
use crate::settings::Endpoint;

/// Why no address is known.
#[derive(Debug, thiserror::Error)]
pub(in crate::upstream) enum LookupError {
    #[error("the upstream's name cannot be resolved")]
    Dns(#[source] io::Error),
    #[error("the upstream's name has no address")]
    NoAddress,
}

/// How long a lookup may take before it counts as failed.
const LIMIT: Duration = Duration::from_secs(5);

/// The same for a host of SRV records: the others wait for it.
const HOST_LIMIT: Duration = Duration::from_secs(1);

/// Nothing about SRV records is asked for again before this time is over.
const SHORTEST: Duration = Duration::from_secs(1);

/// How long it is believed that a host has no IPv4 or no IPv6 address, and how long a host of SRV
/// records that could not be looked up is left alone.
const PAUSE: Duration = Duration::from_secs(10);

/// How many hosts of SRV records are looked up at once.
const AT_ONCE: usize = 64;

/// How many answers are kept: enough for as many hosts as an upstream may have replicas.
const ANSWERS: u64 = 4096;

#[derive(Default)]
pub(super) struct Resolver {
    /// Made when it is first needed.
    services: Mutex<Option<Services>>,
    hosts: Mutex<Hosts>,
}

/// Asks for SRV records, and keeps the answers.
struct Services {
    resolver: TokioResolver,
    made: Instant,
    is_doubted: bool,
}

/// The hosts of SRV records that are in trouble.
#[derive(Default)]
struct Hosts {
    /// When a lookup of these records of a host has failed.
    failed: HashMap<(Name, RecordType), Instant>,
    /// Those that have no address, which the log has said.
    without: HashSet<Name>,
}

impl Resolver {
    /// Where this host is now. `before` is where it was: a host of SRV records that cannot be resolved
    /// stays there.
    ///
    /// # Errors
    /// It cannot be resolved, or it is nowhere.
    pub(super) async fn find(
        &self,
        name: &Endpoint,
        before: &[Place],
    ) -> Result<Vec<Place>, LookupError> {
        let found = if name.is_service() {
            self.service(name, before).await
        } else {
            addresses(name).await
        };
        let found = found.map_err(LookupError::Dns)?;
        if found.is_empty() {
            return Err(LookupError::NoAddress);
        }
        Ok(found)
    }

    /// Something may have moved: what is known of SRV records is asked for again, with the system's
    /// settings read anew.
    pub(super) fn doubt(&self) {
        if let Some(services) = &mut *self.lock() {
            services.is_doubted = true;
        }
    }

    /// The places of the hosts in the SRV records. Of records with several priorities, those with the
    /// lowest number count that lead anywhere (RFC 2782).
    async fn service(&self, name: &Endpoint, before: &[Place]) -> io::Result<Vec<Place>> {
        let resolver = self.services()?;
        let found = timeout(LIMIT, resolver.srv_lookup(name.host())).await?;
        let found = found.map_err(io::Error::other)?;
        let mut priorities: BTreeMap<u16, Vec<&SRV>> = BTreeMap::new();
        for record in found.answers() {
            if let RData::SRV(record) = &record.data {
                priorities.entry(record.priority).or_default().push(record);
            }
        }
        for records in priorities.into_values() {
            let hosts = stream::iter(records).map(|record| self.host(&resolver, record, before));
            let places: Vec<_> = hosts.buffer_unordered(AT_ONCE).collect().await;
            let places = places.concat();
            if !places.is_empty() {
                return Ok(places);
            }
        }
        Ok(Vec::new())
    }

    /// The places of the host in an SRV record. If it has none now, it stays where it was.
    async fn host(&self, resolver: &TokioResolver, record: &SRV, before: &[Place]) -> Vec<Place> {
        // The root means that there is no such service (RFC 2782).
        if record.target.is_root() || record.port == 0 {
            return Vec::new();
        }
        let name = record.target.to_ascii();
        let name = name.trim_end_matches('.');
        let addresses = self.addresses_of(resolver, &record.target).await;
        let endpoint = Endpoint::of_record(name, record.port);
        let places: Vec<_> = match &endpoint {
            Some(endpoint) if !addresses.is_empty() => {
                let place = |ip: &IpAddr| Place::new(endpoint, SocketAddr::new(*ip, record.port));
                addresses.iter().map(place).collect()
            }
            Some(endpoint) => {
                let known = before.iter().filter(|one| one.endpoint == *endpoint);
                known.cloned().collect()
            }
            None => Vec::new(),
        };
        let mut hosts = self.hosts();
        if !places.is_empty() {
            hosts.without.remove(&record.target);
        } else if hosts.without.len() < MOST && hosts.without.insert(record.target.clone()) {
            log::warn!(host = name; "the host of an SRV record has no address");
        }
        places
    }

    async fn addresses_of(&self, resolver: &TokioResolver, host: &Name) -> Vec<IpAddr> {
        let of_kind = |kind| self.records(resolver, host, kind);
        let (mut v4, v6) = join(of_kind(RecordType::A), of_kind(RecordType::AAAA)).await;
        v4.extend(v6);
        v4
    }

    /// The addresses of one kind; none if they cannot be known now.
    async fn records(
        &self,
        resolver: &TokioResolver,
        host: &Name,
        kind: RecordType,
    ) -> Vec<IpAddr> {
        let asked = (host.clone(), kind);
        let failed = self.hosts().failed.get(&asked).copied();
        if failed.is_some_and(|at| at.elapsed() < PAUSE) {
            return Vec::new();
        }
        let found = timeout(HOST_LIMIT, resolver.lookup(host.clone(), kind)).await;
        let mut hosts = self.hosts();
        let found = match found {
            Ok(Ok(found)) => found,
            // The resolver keeps this answer.
            Ok(Err(error)) if error.is_no_records_found() => {
                hosts.failed.remove(&asked);
                return Vec::new();
            }
            Ok(Err(_)) | Err(_) => {
                if hosts.failed.len() >= 2 * MOST {
                    hosts.failed.retain(|_, at| at.elapsed() < PAUSE);
                }
                hosts.failed.insert(asked, Instant::now());
                return Vec::new();
            }
        };
        hosts.failed.remove(&asked);
        let records = found.answers().iter();
        records.filter_map(|record| record.data.ip_addr()).collect()
    }

    fn services(&self) -> io::Result<TokioResolver> {
        let mut services = self.lock();
        if let Some(services) = &*services
            && !(services.is_doubted && services.made.elapsed() >= SHORTEST)
        {
            return Ok(services.resolver.clone());
        }
        let mut builder = TokioResolver::builder_tokio().map_err(io::Error::other)?;
        let options = builder.options_mut();
        options.cache_size = ANSWERS;
        options.positive_min_ttl = Some(SHORTEST);
        options.negative_min_ttl = Some(SHORTEST);
        options.negative_max_ttl = Some(PAUSE);
        let resolver = builder.build().map_err(io::Error::other)?;
        *services = Some(Services {
            resolver: resolver.clone(),
            made: Instant::now(),
            is_doubted: false,
        });
        Ok(resolver)
    }

    fn hosts(&self) -> MutexGuard<'_, Hosts> {
        self.hosts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, Option<Services>> {
        self.services.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn addresses(name: &Endpoint) -> io::Result<Vec<Place>> {
    let found = timeout(LIMIT, lookup_host((name.host(), name.port()))).await??;
    Ok(found.map(|address| Place::new(name, address)).collect())
}
