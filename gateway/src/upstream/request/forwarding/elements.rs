//! Writes the elements of `Forwarded` (RFC 7239 §4).

use std::net::IpAddr;

use super::{Arrival, USUAL, push_address};
use crate::http::grammar::is_token;
use crate::routing::client_address::{Believed, Scheme};

/// One element for each request on the way, the client's own first.
pub(super) fn elements(arrival: &Arrival<'_>) -> String {
    let mut to = String::with_capacity(USUAL);
    let Believed { hops, host, scheme } = &arrival.believed;
    let (client, proxies) = match hops.split_first() {
        Some((client, proxies)) => (Some(*client), proxies),
        None => (None, &[][..]),
    };
    // The host or scheme at the first proxy may be known although the client is not.
    if client.is_some() || host.is_some() || scheme.is_some() {
        push_element(&mut to, client, *host, *scheme);
        to.push_str(", ");
    }
    for proxy in proxies {
        push_element(&mut to, Some(*proxy), None, None);
        to.push_str(", ");
    }
    push_element(&mut to, arrival.peer, arrival.host, Some(arrival.scheme));
    to
}

/// Quotes everything that is not a token (§4): an IPv6 address in its brackets (§6.1), a host with
/// its port.
fn push_element(
    to: &mut String,
    address: Option<IpAddr>,
    host: Option<&str>,
    scheme: Option<Scheme>,
) {
    to.push_str("for=");
    match address {
        None => to.push_str("unknown"),
        Some(address @ IpAddr::V4(_)) => push_address(to, address),
        Some(address @ IpAddr::V6(_)) => {
            to.push_str("\"[");
            push_address(to, address);
            to.push_str("]\"");
        }
    }
    if let Some(host) = host {
        let quote = if is_token(host.as_bytes()) { "" } else { "\"" };
        for text in [";host=", quote, host, quote] {
            to.push_str(text);
        }
    }
    if let Some(scheme) = scheme {
        to.push_str(";proto=");
        to.push_str(scheme.as_str());
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

    use actix_web::http::header::{FORWARDED, HeaderMap, HeaderValue};
    use proptest::prelude::*;

    use super::{Arrival, Believed, Scheme, elements};
    use crate::routing::client_address::TrustedProxies;

    fn address() -> impl Strategy<Value = IpAddr> {
        prop_oneof![
            any::<u32>().prop_map(|bits| IpAddr::V4(Ipv4Addr::from_bits(bits))),
            any::<u128>().prop_map(|bits| IpAddr::V6(Ipv6Addr::from_bits(bits)).to_canonical()),
        ]
    }

    proptest! {
        #[test]
        fn a_gateway_that_trusts_everyone_reads_what_was_written(
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
            let line = HeaderValue::from_str(&elements(&arrival)).unwrap();
            let mut fields = HeaderMap::new();
            fields.insert(FORWARDED, line);
            let everyone: TrustedProxies = "0.0.0.0/0, ::/0".parse().unwrap();
            let read = everyone.believe(peer, &fields);
            prop_assert_eq!(read.hops, [hops, vec![peer]].concat());
            prop_assert_eq!((read.host, read.scheme), (Some(&*host), Some(scheme)));
        }
    }
}
