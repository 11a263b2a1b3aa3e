//! How `Forwarded` is written (RFC 7239 §4).

use std::fmt::{self, Display};
use std::net::IpAddr;

use super::Arrival;
use crate::client_address::{Believed, Scheme};
use crate::grammar::is_token;

/// An element for each request on the way, the client's own first.
pub(super) struct Elements<'a>(pub(super) &'a Arrival<'a>);

impl Display for Elements<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Believed { hops, host, scheme } = &self.0.believed;
        let (client, proxies) = match hops.split_first() {
            Some((client, proxies)) => (Some(*client), proxies),
            None => (None, &[][..]),
        };
        // What the first proxy got may be known where the client is not.
        if client.is_some() || host.is_some() || scheme.is_some() {
            element(f, client, *host, *scheme)?;
            f.write_str(", ")?;
        }
        for proxy in proxies {
            element(f, Some(*proxy), None, None)?;
            f.write_str(", ")?;
        }
        element(f, self.0.peer, self.0.host, Some(self.0.scheme))
    }
}

/// What is no token is quoted (§4): an IPv6 address in its brackets (§6.1), a host with its port.
fn element(
    f: &mut fmt::Formatter<'_>,
    address: Option<IpAddr>,
    host: Option<&str>,
    scheme: Option<Scheme>,
) -> fmt::Result {
    match address {
        None => f.write_str("for=unknown")?,
        Some(IpAddr::V4(address)) => write!(f, "for={address}")?,
        Some(IpAddr::V6(address)) => write!(f, "for=\"[{address}]\"")?,
    }
    match host {
        None => {}
        Some(host) if is_token(host.as_bytes()) => write!(f, ";host={host}")?,
        Some(host) => write!(f, ";host=\"{host}\"")?,
    }
    match scheme {
        None => Ok(()),
        Some(scheme) => write!(f, ";proto={}", scheme.as_str()),
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

    use actix_web::http::header::{FORWARDED, HeaderMap, HeaderValue};
    use proptest::prelude::*;

    use super::{Arrival, Believed, Elements, Scheme};
    use crate::client_address::TrustedProxies;

    fn address() -> impl Strategy<Value = IpAddr> {
        prop_oneof![
            any::<u32>().prop_map(|bits| IpAddr::V4(Ipv4Addr::from_bits(bits))),
            any::<u128>().prop_map(|bits| IpAddr::V6(Ipv6Addr::from_bits(bits)).to_canonical()),
        ]
    }

    proptest! {
        #[test]
        fn what_is_written_is_what_a_gateway_that_trusts_everyone_reads(
            hops in prop::collection::vec(address(), 0..4),
            peer in address(),
            host in "[a-z0-9.-]{1,12}(:[1-5]?[0-9]{1,4})?",
            is_secure in any::<bool>(),
        ) {
            let scheme = if is_secure { Scheme::Https } else { Scheme::Http };
            let arrival = Arrival {
                peer: Some(peer),
                host: Some(&host),
                scheme,
                believed: Believed {
                    host: (!hops.is_empty()).then_some(&*host),
                    scheme: (!hops.is_empty()).then_some(scheme),
                    hops: hops.clone(),
                },
            };
            let line = HeaderValue::from_str(&Elements(&arrival).to_string()).unwrap();
            let mut fields = HeaderMap::new();
            fields.insert(FORWARDED, line);
            let everyone: TrustedProxies = "0.0.0.0/0, ::/0".parse().unwrap();
            let read = everyone.believe(peer, &fields);
            prop_assert_eq!(read.hops, [hops, vec![peer]].concat());
            prop_assert_eq!((read.host, read.scheme), (Some(&*host), Some(scheme)));
        }
    }
}
