//! Tracks which keys are watched. However many clients of all workers watch a key, one task asks
//! the services.
//!
//! Two bounds keep this small. The number of watched keys is limited, since each costs the services
//! requests. And the number of one client's streams is limited, or one client could take all of
//! them.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::gather::Gathered;
use super::key::Key;
use super::settings::WatchLimits;
use super::shared::{Duty, Joined, Shared};
use crate::resilience::client::Client;
use crate::resilience::guard::Overloaded;

pub(crate) struct Watches {
    keys: Arc<Shared<Key, Gathered>>,
    /// The number of streams of each client. Clients without one are not in it.
    streams: Mutex<HashMap<Client, usize>>,
    limits: WatchLimits,
}

/// The right to one stream, given back when it is dropped.
pub(super) struct StreamPermit {
    watches: Arc<Watches>,
    client: Client,
}

/// The error for a client that has all the streams it may have.
#[derive(Debug)]
pub(super) struct TooManyStreams;

impl Watches {
    pub(crate) fn new(limits: WatchLimits) -> Arc<Self> {
        Arc::new(Self {
            keys: Arc::default(),
            streams: Mutex::default(),
            limits,
        })
    }

    pub(super) fn limits(&self) -> WatchLimits {
        self.limits
    }

    /// # Errors
    /// The client has all the streams it may have.
    pub(super) fn admit(self: &Arc<Self>, client: Client) -> Result<StreamPermit, TooManyStreams> {
        let mut streams = self.streams();
        let count = streams.entry(client).or_default();
        if *count >= self.limits.streams_per_client {
            return Err(TooManyStreams);
        }
        *count += 1;
        Ok(StreamPermit {
            watches: Arc::clone(self),
            client,
        })
    }

    /// Joins the watchers of a key.
    ///
    /// # Errors
    /// Too many keys are watched already.
    pub(super) fn join(&self, key: &Key) -> Result<Joined<Key, Gathered>, Overloaded> {
        self.keys.join(key, self.limits.watched)
    }

    fn streams(&self) -> MutexGuard<'_, HashMap<Client, usize>> {
        self.streams.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for StreamPermit {
    fn drop(&mut self) {
        if let Entry::Occupied(mut count) = self.watches.streams().entry(self.client) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
    }
}

/// Tells the watchers if there is news. Later ones get the result in any case.
pub(super) fn tell(duty: &Duty<Key, Gathered>, gathered: &Arc<Gathered>) {
    duty.latest.send_if_modified(|latest| {
        let is_news = latest.as_ref().is_none_or(|old| gathered.differs(old));
        *latest = Some(Arc::clone(gathered));
        is_news
    });
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;
    use std::sync::Arc;

    use actix_web::http::header::HeaderMap;

    use super::{Key, WatchLimits, Watches};
    use crate::aggregates::key::Parameter;

    fn watches() -> Arc<Watches> {
        Watches::new(WatchLimits {
            watched: 3,
            streams_per_client: 2,
        })
    }

    fn key(id: usize) -> Key {
        let id = Parameter::parse(&id.to_string()).unwrap();
        Key::of([id].into(), &HeaderMap::new())
    }

    #[test]
    fn the_number_of_watched_keys_is_bounded() {
        let watches = watches();
        let mut all: Vec<_> = (0..3).map(|id| watches.join(&key(id)).unwrap()).collect();
        assert!(watches.join(&key(3)).is_err());
        assert!(watches.join(&key(0)).is_ok());
        all.pop();
        assert!(watches.join(&key(3)).is_ok());
    }

    #[test]
    fn a_clients_streams_are_bounded_and_others_have_theirs() {
        let watches = watches();
        let admit = |address: &str| watches.admit(address.parse::<IpAddr>().unwrap().into());
        let first = admit("2001:db8::1").unwrap();
        let _second = admit("2001:db8::2").unwrap();
        assert!(admit("2001:db8::3").is_err());
        assert!(admit("192.0.2.1").is_ok());
        drop(first);
        assert!(admit("2001:db8::3").is_ok());
    }

    #[test]
    fn a_client_without_a_stream_takes_no_memory() {
        let watches = watches();
        let client = IpAddr::from([192, 0, 2, 1]).into();
        drop((watches.admit(client), watches.admit(client)));
        assert!(watches.streams().is_empty());
    }
}
