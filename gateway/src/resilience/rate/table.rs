//! Each client's state: 8 bytes in a table of fixed size.
//!
//! Clients that meet in a slot share a quota. With n other clients at once, a given one meets any
//! of them with odds of n in 65,536: for a hundred, 1 in 655. To shut everyone out, an attacker has
//! to exhaust a quota in each slot.

use std::net::{IpAddr, Ipv4Addr};

use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed, StateStore};

use crate::resilience::by_client::ByClient;

/// 512 KiB.
const SLOTS: usize = 65_536;

/// The client that a quota, or a share of an upstream, belongs to.
///
/// In IPv6 that is a /64 network. A subscriber gets at least one (RFC 6177 §2), and any device in
/// it takes new addresses as it likes (RFC 8981): counted by address, it would have 2^64 quotas.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Client {
    V4(Ipv4Addr),
    V6 { network: u64 },
}

/// The state of every client.
pub(super) struct Table(ByClient<InMemoryState, SLOTS>);

impl From<IpAddr> for Client {
    fn from(address: IpAddr) -> Self {
        // A listener on `::` sees IPv4 clients as `::ffff:192.0.2.1`, all of them in one /64.
        match address.to_canonical() {
            IpAddr::V4(address) => Self::V4(address),
            IpAddr::V6(address) => Self::V6 {
                network: (address.to_bits() >> 64) as u64,
            },
        }
    }
}

impl Table {
    pub(super) fn new() -> Self {
        Self(ByClient::new())
    }
}

impl StateStore for Table {
    type Key = Client;

    fn measure_and_replace<T, F, E>(&self, client: &Client, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        self.0
            .of(client)
            .measure_and_replace(&NotKeyed::NonKey, decide)
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use governor::state::StateStore as _;

    use super::{Client, SLOTS, Table};

    fn client(address: &str) -> Client {
        address.parse::<IpAddr>().unwrap().into()
    }

    #[test]
    fn each_64_network_is_one_client() {
        let home = client("2001:db8:1:2::1");
        assert_eq!(client("2001:db8:1:2:ffff:ffff:ffff:ffff"), home);
        assert_ne!(client("2001:db8:1:3::1"), home);
    }

    #[test]
    fn an_ipv4_client_is_the_same_on_an_ipv4_and_an_ipv6_listener() {
        assert_eq!(client("::ffff:192.0.2.1"), client("192.0.2.1"));
        assert_ne!(client("::ffff:192.0.2.2"), client("::ffff:192.0.2.1"));
        assert_ne!(client("::c000:201"), client("192.0.2.1"));
    }

    #[test]
    fn the_table_never_grows() {
        let table = Table::new();
        for address in 0..200_000_u32 {
            let noted = table.measure_and_replace(&Client::V4(address.into()), |_state| {
                Ok::<_, ()>(((), u64::from(address).into()))
            });
            assert_eq!(noted, Ok(()));
        }
        assert_eq!(table.0.all().len(), SLOTS);
        assert_eq!(size_of_val(table.0.all()), 512 * 1024);
    }

    #[test]
    fn each_process_hashes_differently() {
        let slots = |table: &Table| {
            [1, 2, 3].map(|last| table.0.slot(&Client::V4([192, 0, 2, last].into())))
        };
        assert_ne!(slots(&Table::new()), slots(&Table::new()));
    }
}
