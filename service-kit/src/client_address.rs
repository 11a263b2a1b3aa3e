//! The address of the client that a request comes from, as the gateway reports it.
//!
//! The gateway replaces `X-Forwarded-For`: the client first, then the trusted proxies between, if
//! any. It believes nothing else in the field, so the first address is the client's. A request
//! without the field did not pass the gateway: it comes from another service. A sender that reaches
//! a service directly can write any address, so no service listens on a public one.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use actix_web::http::header::{HeaderMap, HeaderName};

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The client's own address.
#[must_use]
pub fn forwarded_for(headers: &HeaderMap) -> Option<IpAddr> {
    let sent = headers.get(FORWARDED_FOR)?.to_str().ok()?;
    let first = sent.split(',').next()?.trim();
    first.parse().map(|ip: IpAddr| ip.to_canonical()).ok()
}

/// The client that a share is counted for: an IPv4 address, or an IPv6 /64 network, as in the
/// gateway. A subscriber gets at least such a network (RFC 6177 §2) and changes addresses within it
/// freely (RFC 8981).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ClientAddress {
    V4(Ipv4Addr),
    V6 { network: u64 },
}

impl ClientAddress {
    /// `None` for a request that did not come through the gateway.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        forwarded_for(headers).map(Self::from)
    }
}

impl From<IpAddr> for ClientAddress {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::V4(address),
            IpAddr::V6(address) => Self::V6 {
                network: (address.to_bits() >> 64) as u64,
            },
        }
    }
}

/// Writes `203.0.113.7` or `2001:db8::/64`.
impl fmt::Display for ClientAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::V4(address) => address.fmt(f),
            Self::V6 { network } => {
                write!(f, "{}/64", Ipv6Addr::from_bits(u128::from(*network) << 64))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderMap, HeaderValue};

    use super::{ClientAddress, FORWARDED_FOR};

    fn client_of(forwarded: &[&'static str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append(FORWARDED_FOR, HeaderValue::from_static(value));
        }
        ClientAddress::of(&headers).map(|address| address.to_string())
    }

    #[test]
    fn the_client_is_the_first_that_the_gateway_names() {
        for (forwarded, expected) in [
            (&["203.0.113.7"][..], "203.0.113.7"),
            (&["203.0.113.7, 10.0.0.2, 10.0.0.1"], "203.0.113.7"),
            (&["::ffff:203.0.113.7"], "203.0.113.7"),
            (&["2001:db8::7"], "2001:db8::/64"),
            (&["2001:db8:0:1:2:3:4:5"], "2001:db8:0:1::/64"),
        ] {
            assert_eq!(client_of(forwarded).as_deref(), Some(expected));
        }
    }

    #[test]
    fn without_a_gateway_nobody_is_named() {
        for forwarded in [&[][..], &["unknown"], &[""], &["oops, 203.0.113.7"]] {
            assert_eq!(client_of(forwarded), None, "{forwarded:?}");
        }
    }
}
