//! The client that is counted: an address, or the network that one subscriber has.

use std::net::{IpAddr, Ipv4Addr};

/// The client that a quota, or a share of an upstream, belongs to.
///
/// In IPv6 that is a /64 network. A subscriber gets at least one (RFC 6177 §2), and any device in
/// it takes new addresses as it likes (RFC 8981): counted by address, it would have 2^64 quotas.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Client {
    V4(Ipv4Addr),
    V6 { network: u64 },
}

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

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::Client;

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
}
