//! `limits.connections_per_client`: how many connections one client address may hold open, counted
//! across all workers.
//!
//! A full worker accepts no more connections from anyone, so one address must not be able to fill
//! it. A connection beyond its client's share is closed as soon as it is accepted, before TLS, and
//! frees its place in the worker at once. Connections of trusted proxies are not counted: many
//! clients stand behind each.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::resilience::client::Client;

/// The shortest time between two log lines about one client's used-up share.
const QUIET: Duration = Duration::from_secs(10);

/// The connections of each client.
pub(super) struct PerClient {
    most: u32,
    open: Mutex<HashMap<Client, Open>>,
}

/// The connections of one client, which has at least one.
struct Open {
    count: u32,
    told_at: Option<Instant>,
}

/// A counted connection, until it is dropped.
pub(super) struct Counted {
    client: Client,
    all: Arc<PerClient>,
}

/// A connection beyond the client's share.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Exceeded {
    /// The log has not mentioned it for a while.
    pub(super) is_news: bool,
}

impl PerClient {
    pub(super) fn new(most: u32) -> Self {
        Self {
            most,
            open: Mutex::default(),
        }
    }

    /// Counts a connection, unless it is beyond the client's share.
    pub(super) fn enter(
        self: &Arc<Self>,
        client: Client,
        now: Instant,
    ) -> Result<Counted, Exceeded> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let of_client = open.entry(client).or_insert(Open {
            count: 0,
            told_at: None,
        });
        if of_client.count < self.most {
            of_client.count += 1;
            return Ok(Counted {
                client,
                all: Arc::clone(self),
            });
        }
        let told_at = of_client.told_at;
        let is_news = told_at.is_none_or(|at| now.duration_since(at) >= QUIET);
        if is_news {
            of_client.told_at = Some(now);
        }
        Err(Exceeded { is_news })
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut open = self.all.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(of_client) = open.get_mut(&self.client) {
            of_client.count -= 1;
            if of_client.count == 0 {
                open.remove(&self.client);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;
    use std::sync::Arc;

    use tokio::time::Instant;

    use super::{Client, Exceeded, PerClient, QUIET};

    fn client(address: &str) -> Client {
        address.parse::<IpAddr>().unwrap().into()
    }

    #[test]
    fn a_client_holds_at_most_its_share_until_it_gives_some_back() {
        let (all, now) = (Arc::new(PerClient::new(2)), Instant::now());
        let (one, other) = (client("192.0.2.1"), client("192.0.2.2"));
        let first = all.enter(one, now);
        let _second = all.enter(one, now).ok().unwrap();
        assert!(all.enter(one, now).is_err());
        let _others = all.enter(other, now).ok().unwrap();
        drop(first);
        assert!(all.enter(one, now).is_ok());
    }

    #[test]
    fn a_64_network_is_one_client() {
        let (all, now) = (Arc::new(PerClient::new(1)), Instant::now());
        let _held = all.enter(client("2001:db8::1"), now).ok().unwrap();
        assert!(all.enter(client("2001:db8::2"), now).is_err());
        assert!(all.enter(client("2001:db8:0:1::1"), now).is_ok());
    }

    #[test]
    fn a_client_that_has_gone_leaves_nothing() {
        let (all, now) = (Arc::new(PerClient::new(1)), Instant::now());
        drop(all.enter(client("192.0.2.1"), now));
        assert!(all.open.lock().unwrap().is_empty());
    }

    #[test]
    fn the_log_mentions_it_once_in_a_while() {
        let (all, now) = (Arc::new(PerClient::new(1)), Instant::now());
        let _held = all.enter(client("192.0.2.1"), now).ok().unwrap();
        let refused = |at| all.enter(client("192.0.2.1"), at).err().unwrap();
        assert_eq!(refused(now), Exceeded { is_news: true });
        assert_eq!(refused(now), Exceeded { is_news: false });
        assert_eq!(refused(now + QUIET / 2), Exceeded { is_news: false });
        assert_eq!(refused(now + QUIET), Exceeded { is_news: true });
    }
}
