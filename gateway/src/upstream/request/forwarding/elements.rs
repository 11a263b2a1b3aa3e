//! Writes the elements of `Forwarded` (RFC 7239 §4).

use std::net::IpAddr;

use bytes::BytesMut;

use super::{Arrival, write_address};
use crate::http::grammar::is_token;
use crate::routing::client_address::{Believed, Scheme};

/// One element for each request on the way, the client's own first.
pub(super) fn write_elements(arrival: &Arrival<'_>, to: &mut BytesMut) {
    let Believed { hops, host, scheme } = &arrival.believed;
    let (client, proxies) = match hops.split_first() {
        Some((client, proxies)) => (Some(*client), proxies),
        None => (None, &[][..]),
    };
    // The host or scheme at the first proxy may be known although the client is not.
    if client.is_some() || host.is_some() || scheme.is_some() {
        write_element(client, *host, *scheme, to);
        to.extend_from_slice(b", ");
    }
    for proxy in proxies {
        write_element(Some(*proxy), None, None, to);
        to.extend_from_slice(b", ");
    }
    write_element(arrival.peer, arrival.host, Some(arrival.scheme), to);
}

/// Quotes everything that is not a token (§4): an IPv6 address in its brackets (§6.1), a host with
/// its port.
fn write_element(
    address: Option<IpAddr>,
    host: Option<&str>,
    scheme: Option<Scheme>,
    to: &mut BytesMut,
) {
    to.extend_from_slice(b"for=");
    match address {
        None => to.extend_from_slice(b"unknown"),
        Some(address @ IpAddr::V4(_)) => write_address(address, to),
        Some(address @ IpAddr::V6(_)) => {
            to.extend_from_slice(b"\"[");
            write_address(address, to);
            to.extend_from_slice(b"]\"");
        }
    }
    if let Some(host) = host {
        let quote = if is_token(host.as_bytes()) { "" } else { "\"" };
        for text in [";host=", quote, host, quote] {
            to.extend_from_slice(text.as_bytes());
        }
    }
    if let Some(scheme) = scheme {
        to.extend_from_slice(b";proto=");
        to.extend_from_slice(scheme.as_str().as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

    use actix_web::http::header::{FORWARDED, HeaderMap, HeaderValue};
    use bytes::BytesMut;
    use proptest::prelude::*;

    use super::{Arrival, Believed, Scheme, write_elements};
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
            let mut line = BytesMut::new();
            write_elements(&arrival, &mut line);
            let line = HeaderValue::from_bytes(&line).unwrap();
            let mut fields = HeaderMap::new();
            fields.insert(FORWARDED, line);
            let everyone: TrustedProxies = "0.0.0.0/0, ::/0".parse().unwrap();
            let read = everyone.believe(peer, &fields);
            prop_assert_eq!(read.hops, [hops, vec![peer]].concat());
            prop_assert_eq!((read.host, read.scheme), (Some(&*host), Some(scheme)));
        }
    }
}
