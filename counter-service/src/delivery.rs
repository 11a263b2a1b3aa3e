//! Delivers the kept requests once their upstream is back.
//!
//! 1. While an upstream is not known to answer, its `/ready` is asked twice a second. Meanwhile no
//!    entry is claimed, so each can be withdrawn.
//! 2. Then up to 16 clients' entries are sent at once, those of one client one after the other.
//! 3. An entry whose answer is not final waits, and the others of its client wait for it.
//!
//! `health` decides when to ask, `verdict` reads an answer, `send` makes the request, and `courier`
//! runs all of this for one upstream.

mod courier;
mod health;
mod send;
mod verdict;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{join, join_all};
use service_kit::peer::PeerSecret;
use service_kit::serve::Draining;

use crate::config::Upstream;
use crate::store::Store;
use crate::vault::Vault;

use courier::Courier;
pub(crate) use verdict::LONGEST_WAIT;

/// How long a lane goes on after its claim. With one more try, of 3 s at most, it ends
/// before its lease.
pub(crate) const LANE_TIME: Duration = Duration::from_secs(1);

/// How often entries are looked at that have waited too long.
const EXPIRY_INTERVAL: Duration = Duration::from_secs(1);

pub(crate) struct Delivery {
    pub(crate) store: Store,
    pub(crate) vault: Arc<Vault>,
    pub(crate) upstreams: Vec<Upstream>,
    /// Makes the upstream believe the id of an entry.
    pub(crate) voucher: Option<PeerSecret>,
}

impl Delivery {
    /// Delivers until a stop is requested, then finishes what is in flight.
    pub(crate) async fn run(self, draining: Draining) {
        if let Err(error) = self.store.release().await {
            log::error!("entries in flight at the last stop wait until their leases end: {error}");
        }
        let couriers = self.upstreams.iter().map(|upstream| {
            let courier = Courier::new(&self, upstream);
            let draining = draining.clone();
            async move { courier.run(&draining).await }
        });
        join(join_all(couriers), self.expire(&draining)).await;
    }

    async fn expire(&self, draining: &Draining) {
        loop {
            match self.store.expire().await {
                Ok(0) => {}
                Ok(count) => log::warn!("{count} entries have waited too long and are not sent"),
                Err(error) => log::error!("entries that have waited too long stay: {error}"),
            }
            tokio::select! {
                () = tokio::time::sleep(EXPIRY_INTERVAL) => {}
                () = draining.begun() => return,
            }
        }
    }
}
