//! The proxies that are believed: `GATEWAY_TRUSTED_PROXIES`.

use std::net::IpAddr;
use std::str::FromStr;

use ipnet::{IpNet, Ipv4Net};

/// Addresses and ranges; none by default. They are few, so a linear search is enough.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// Whether the address is trusted. An IPv4 address mapped into IPv6 counts as the IPv4 one.
    pub(crate) fn trusts(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|range| range.contains(&address))
    }
}

impl FromStr for TrustedProxies {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let items = text.split(',').map(str::trim);
        items
            .filter(|item| !item.is_empty())
            .map(range)
            .collect::<Option<_>>()
            .map(Self)
            .ok_or("expected addresses and ranges such as 10.0.0.0/8, 192.0.2.7, 2001:db8::/32")
    }
}

fn range(text: &str) -> Option<IpNet> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some(address.to_canonical().into());
    }
    let range = text.parse().ok()?;
    Some(unmapped(&range).unwrap_or(range))
}

/// The IPv4 range of an IPv6 range of mapped addresses (`::ffff:0:0/96`, RFC 4291 §2.5.5.2).
fn unmapped(range: &IpNet) -> Option<IpNet> {
    let IpNet::V6(range) = range else {
        return None;
    };
    let length = range.prefix_len().checked_sub(96)?;
    let address = range.addr().to_ipv4_mapped()?;
    Ipv4Net::new(address, length).ok().map(IpNet::V4)
}

#[cfg(test)]
mod tests {
    use super::TrustedProxies;

    fn trusts(list: &str, address: &str) -> bool {
        let list: TrustedProxies = list.parse().unwrap();
        list.trusts(address.parse().unwrap())
    }

    #[test]
    fn nobody_is_trusted_by_default() {
        assert!(!TrustedProxies::default().trusts("127.0.0.1".parse().unwrap()));
    }

    #[test]
    fn an_address_and_a_range_are_trusted_in_every_form() {
        let list = "192.0.2.7, 10.0.0.0/8,2001:db8::/32, ::ffff:198.51.100.0/120";
        for trusted in [
            "192.0.2.7",
            "10.255.0.1",
            "::ffff:10.1.2.3",
            "2001:db8:1::7",
            "198.51.100.9",
            "::ffff:198.51.100.9",
        ] {
            assert!(trusts(list, trusted), "{trusted}");
        }
        for other in [
            "192.0.2.8",
            "11.0.0.1",
            "2001:db9::1",
            "198.51.101.9",
            "::1",
        ] {
            assert!(!trusts(list, other), "{other}");
        }
    }

    #[test]
    fn anything_but_addresses_and_ranges_is_refused() {
        for bad in [
            "localhost",
            "10.0.0.0/33",
            "10.0.0",
            "10.0.0.1:80",
            "all",
            "10.0.0.0/8 ::1",
        ] {
            assert!(bad.parse::<TrustedProxies>().is_err(), "{bad}");
        }
    }
}
