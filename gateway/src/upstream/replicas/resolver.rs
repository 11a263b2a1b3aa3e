//! Finds where the hosts of an upstream's URL are.
//!
//! The system's resolver is asked for the addresses of a host, as it knows the hosts file and the search
//! domains of a cluster. It knows no SRV records. A resolver of the gateway's own asks for these, with
//! the system's settings, and keeps each answer for as long as the answer says.

use std::io;
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures_util::{StreamExt as _, stream};
use hickory_resolver::TokioResolver;
use hickory_resolver::proto::rr::RData;
use hickory_resolver::proto::rr::rdata::SRV;
use tokio::net::lookup_host;
use tokio::time::timeout;

use super::Place;
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

/// Nothing about SRV records is asked for again before this time is over.
const SHORTEST: Duration = Duration::from_secs(1);

/// How long it is believed that a host has no IPv4 or no IPv6 address.
const LONGEST_NOTHING: Duration = Duration::from_secs(10);

/// How many hosts of SRV records are looked up at once.
const AT_ONCE: usize = 16;

/// How many answers are kept: enough for as many hosts as an upstream may have replicas.
const ANSWERS: u64 = 4096;

#[derive(Default)]
pub(super) struct Resolver {
    /// Made when it is first needed.
    services: Mutex<Option<Services>>,
}

/// Asks for SRV records, and keeps the answers.
struct Services {
    resolver: TokioResolver,
    made: Instant,
    is_doubted: bool,
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
    /// lowest number count (RFC 2782).
    async fn service(&self, name: &Endpoint, before: &[Place]) -> io::Result<Vec<Place>> {
        let resolver = self.services()?;
        let found = timeout(LIMIT, resolver.srv_lookup(name.host())).await?;
        let found = found.map_err(io::Error::other)?;
        let records = found
            .answers()
            .iter()
            .filter_map(|record| match &record.data {
                RData::SRV(record) => Some(record),
                _ => None,
            });
        let records: Vec<_> = records.collect();
        let first = records.iter().map(|one| one.priority).min();
        let records = records.iter().filter(|one| Some(one.priority) == first);
        let hosts = stream::iter(records).map(|record| host(&resolver, record, before));
        let places: Vec<_> = hosts.buffered(AT_ONCE).collect().await;
        Ok(places.concat())
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
        options.negative_max_ttl = Some(LONGEST_NOTHING);
        let resolver = builder.build().map_err(io::Error::other)?;
        *services = Some(Services {
            resolver: resolver.clone(),
            made: Instant::now(),
            is_doubted: false,
        });
        Ok(resolver)
    }

    fn lock(&self) -> MutexGuard<'_, Option<Services>> {
        self.services.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn addresses(name: &Endpoint) -> io::Result<Vec<Place>> {
    let found = timeout(LIMIT, lookup_host((name.host(), name.port()))).await??;
    Ok(found.map(|address| Place::new(name, address)).collect())
}

/// The places of the host in an SRV record.
async fn host(resolver: &TokioResolver, record: &SRV, before: &[Place]) -> Vec<Place> {
    // The root means that there is no such service (RFC 2782).
    if record.target.is_root() || record.port == 0 {
        return Vec::new();
    }
    let name = record.target.to_ascii();
    let Some(endpoint) = Endpoint::of_record(name.trim_end_matches('.'), record.port) else {
        log::debug!(host = name.as_str(); "an SRV record names a host that no URL can hold");
        return Vec::new();
    };
    match timeout(LIMIT, resolver.lookup_ip(record.target.clone())).await {
        Ok(Ok(found)) => {
            let place = |ip| Place::new(&endpoint, SocketAddr::new(ip, record.port));
            found.iter().map(place).collect()
        }
        Ok(Err(_)) | Err(_) => {
            let known = before.iter().filter(|one| one.endpoint == endpoint);
            known.cloned().collect()
        }
    }
}
