//! Each client's share of an upstream: permits, waiting requests, transfers and tunnels.
//!
//! Clients that meet in a slot of the table share one client's share: a given client meets a greedy
//! one with odds of 1 in 8,192. A request costs one hash and two atomic additions.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::resilience::by_client::ByClient;
use crate::resilience::client::Client;

/// 128 KiB for each upstream.
const SLOTS: usize = 8192;

/// A thing that is counted for each client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Permit,
    Waiting,
    Transfer,
    Tunnel,
}

/// The counters of one client.
#[derive(Default)]
struct Counters([AtomicU32; 4]);

pub(super) struct Shares {
    /// `None` if a client may have everything, so that nothing needs counting.
    clients: Option<ByClient<Counters, SLOTS>>,
    /// The most permits of one client, the most transfers and the most tunnels.
    most: u32,
    /// The most waiting requests of one client.
    most_waiting: u32,
}

/// The slot of a client. `None` if no share is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slot(Option<usize>);

impl Shares {
    /// A client may have at most `most` of `all` permits, and a tenth of the `queue`. If `most` is
    /// all of them, nothing is counted.
    pub(super) fn new(most: usize, all: usize, queue: usize) -> Self {
        let bounded = |count| u32::try_from(count).unwrap_or(u32::MAX);
        Self {
            clients: (most < all).then(ByClient::new),
            most: bounded(most),
            most_waiting: bounded(queue.div_ceil(10)),
        }
    }

    /// `None` is the gateway itself, which has no share.
    pub(super) fn slot(&self, client: Option<Client>) -> Slot {
        let clients = self.clients.as_ref();
        Slot(clients.and_then(|clients| Some(clients.slot(&client?))))
    }

    /// Counts one more, unless the client has used its share.
    pub(super) fn take(&self, slot: Slot, kind: Kind) -> bool {
        let Some(counter) = self.counter(slot, kind) else {
            return true;
        };
        let most = match kind {
            Kind::Permit | Kind::Transfer | Kind::Tunnel => self.most,
            Kind::Waiting => self.most_waiting,
        };
        // Too many are taken back. Two requests that meet at the limit may both be refused, which
        // does no harm.
        let has_room = counter.fetch_add(1, Ordering::SeqCst) < most;
        if !has_room {
            counter.fetch_sub(1, Ordering::SeqCst);
        }
        has_room
    }

    /// Counts one less.
    pub(super) fn give_back(&self, slot: Slot, kind: Kind) {
        if let Some(counter) = self.counter(slot, kind) {
            counter.fetch_sub(1, Ordering::SeqCst);
        }
    }

    fn counter(&self, Slot(slot): Slot, kind: Kind) -> Option<&AtomicU32> {
        let Counters([permits, waiting, transfers, tunnels]) = self.clients.as_ref()?.get(slot?)?;
        Some(match kind {
            Kind::Permit => permits,
            Kind::Waiting => waiting,
            Kind::Transfer => transfers,
            Kind::Tunnel => tunnels,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use proptest::prelude::*;

    use super::{Client, Counters, Kind, SLOTS, Shares, Slot};

    fn client(last: u8) -> Option<Client> {
        Some(Client::from(IpAddr::from([192, 0, 2, last])))
    }

    /// Two clients that do not share a slot.
    fn two(shares: &Shares) -> (Slot, Slot) {
        let first = shares.slot(client(1));
        let others = (2..=u8::MAX).map(|last| shares.slot(client(last)));
        (
            first,
            others.into_iter().find(|other| *other != first).unwrap(),
        )
    }

    #[test]
    fn a_client_has_its_share_of_each_kind_and_no_more() {
        let shares = Shares::new(2, 20, 30);
        let (one, other) = two(&shares);
        for (kind, most) in [(Kind::Permit, 2), (Kind::Transfer, 2), (Kind::Waiting, 3)] {
            let taken = (0..9).filter(|_| shares.take(one, kind)).count();
            assert_eq!(taken, most, "{kind:?}");
            assert!(shares.take(other, kind), "{kind:?}");
            shares.give_back(one, kind);
            assert!(shares.take(one, kind), "{kind:?}");
            assert!(!shares.take(one, kind), "{kind:?}");
        }
    }

    #[test]
    fn the_gateway_itself_has_no_share() {
        let shares = Shares::new(1, 20, 1);
        let own = shares.slot(None);
        assert!((0..9).all(|_| shares.take(own, Kind::Permit)));
    }

    #[test]
    fn a_share_that_is_everything_is_not_counted() {
        let shares = Shares::new(20, 20, 1);
        assert!(shares.clients.is_none());
        let slot = shares.slot(client(1));
        assert!((0..99).all(|_| shares.take(slot, Kind::Waiting)));
    }

    #[test]
    fn the_table_never_grows() {
        let shares = Shares::new(1, 20, 1);
        for address in 0..100_000_u32 {
            let slot = shares.slot(Some(Client::V4(address.into())));
            shares.take(slot, Kind::Permit);
        }
        let counters = shares.clients.unwrap();
        assert_eq!(size_of_val(counters.all()), SLOTS * size_of::<Counters>());
        assert_eq!(size_of_val(counters.all()), 128 * 1024);
    }

    proptest! {
        /// In any order of taking and giving back: nobody holds more than a share, and in the end
        /// nothing is held.
        #[test]
        fn nobody_holds_more_than_a_share_and_nothing_is_left_behind(
            steps in prop::collection::vec((0..6_u8, any::<bool>()), 0..200),
        ) {
            let shares = Shares::new(3, 100, 10);
            let mut held = std::collections::HashMap::<usize, u32>::new();
            for (last, takes) in steps {
                let slot = shares.slot(client(last));
                let count = held.entry(slot.0.unwrap()).or_default();
                if takes {
                    prop_assert_eq!(shares.take(slot, Kind::Permit), *count < 3);
                    *count = 3.min(*count + 1);
                } else if *count > 0 {
                    shares.give_back(slot, Kind::Permit);
                    *count -= 1;
                }
            }
            for (slot, count) in held {
                (0..count).for_each(|_| shares.give_back(Slot(Some(slot)), Kind::Permit));
            }
            let is_empty = |counters: &Counters| counters.0.iter().all(|one| one.load(super::Ordering::SeqCst) == 0);
            prop_assert!(shares.clients.unwrap().all().iter().all(is_empty));
        }
    }
}
