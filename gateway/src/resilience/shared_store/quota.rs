//! A quota, counted by this gateway alone or together with others.
//!
//! A shared quota is asked for in the store, by one script in one round trip. Most requests need
//! not ask: what this gateway has leased ([`Leases`]) it admits by itself, and what the quota has
//! refused it refuses by itself until the time has come. While the store is away, this gateway
//! admits its part.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use redis::Script;

use super::keys::name_of;
use super::{SharedStore, Wait};
use crate::resilience::client::Client;
use crate::resilience::rate::leases::{Claim, Decision, Grant, Leases};
use crate::resilience::rate::{Exceeded, Rate, RateLimit, Standing};

/// One quota for each client.
pub(crate) struct Quota {
    /// Counts what this gateway admits; of a shared quota, by its part.
    local: RateLimit,
    shared: Option<Shared>,
}

struct Shared {
    store: Arc<SharedStore>,
    leases: Leases,
    script: Script,
    /// Tells this quota from others in the store.
    name: String,
    /// The time for one request in microseconds, and the requests at once.
    interval: f64,
    burst: u32,
}

impl Quota {
    /// `name` is the limit's name in the answer's fields. Gateways that share the store count the
    /// quotas with the same `id` and rate together.
    pub(crate) fn new(
        name: &'static str,
        rate: Rate,
        store: Option<&Arc<SharedStore>>,
        id: &str,
    ) -> Self {
        Self {
            local: RateLimit::new(name, rate),
            shared: store.map(|store| Shared::new(rate, store, id)),
        }
    }

    pub(crate) fn rate(&self) -> Rate {
        self.local.rate()
    }

    /// Counts a request of this address, unless it is beyond the quota.
    ///
    /// `wait` is how long the request may still wait for the store.
    pub(crate) async fn admit(
        &self,
        address: IpAddr,
        wait: &mut Wait,
    ) -> Result<Standing<'_>, Exceeded<'_>> {
        let Some(shared) = &self.shared else {
            return self.local.admit(address);
        };
        let decision = shared.decide(address.into(), wait).await;
        let part = || self.local.admit_part(address, shared.store.gateways());
        match decision {
            Some(Decision::Admitted { left }) => {
                // Should the store go away now, this request counts in this gateway's part.
                let _counted = part();
                Ok(self.local.standing(left))
            }
            Some(Decision::Refused { wait }) => Err(self.local.exceeded(wait)),
            None => part(),
        }
    }
}

impl Shared {
    fn new(rate: Rate, store: &Arc<SharedStore>, id: &str) -> Self {
        Self {
            store: Arc::clone(store),
            leases: Leases::new(rate),
            script: Script::new(include_str!("quota.lua")),
            name: name_of(format!("{id} {rate}")),
            interval: rate.interval().as_nanos() as f64 / 1000.0,
            burst: rate.requests(),
        }
    }

    /// The shared count's decision. `None` if there is none in time.
    async fn decide(&self, client: Client, wait: &mut Wait) -> Option<Decision> {
        if !self.store.is_up() {
            return self.leases.known(client, Instant::now());
        }
        match self.leases.claim(client, Instant::now()) {
            Claim::Ask { requests } => {
                let grant = self.ask(client, requests, wait).await?;
                Some(self.leases.note(client, grant, Instant::now()))
            }
            Claim::Decided(decision) => Some(decision),
        }
    }

    async fn ask(&self, client: Client, requests: u32, wait: &mut Wait) -> Option<Grant> {
        let mut count = self.script.key(self.store.keys.quota(&self.name, client));
        count.arg(self.interval).arg(self.burst).arg(requests);
        let asked = self.store.ask(wait, async |connection| {
            count.invoke_async::<(u32, u64)>(connection).await
        });
        Some(match asked.await? {
            (0, wait) => Grant::Exhausted {
                wait: Duration::from_micros(wait),
            },
            (requests, left) => Grant::Granted {
                requests,
                left: u32::try_from(left).unwrap_or(u32::MAX),
            },
        })
    }
}
