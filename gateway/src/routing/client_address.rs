//! Finds the client's address behind proxies. Only the proxies that the operator trusts are
//! believed.
//!
//! A proxy appends the address that it was asked from to the client's own list. So the rightmost
//! address that is not a trusted proxy's is the client's, and the client may have made up
//! everything before it. An element that is no address ends the search: the trusted proxy after it
//! is then the nearest known address.
//!
//! Two fields carry the list. A proxy writes one of them and passes on the other as the client sent
//! it, and nothing tells them apart. If both come, only what both say counts.

mod forwarded;
#[cfg(any(fuzzing, test))]
pub(crate) mod invariants;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
mod trusted;

use std::net::IpAddr;

use actix_web::http::header::{FORWARDED, HeaderMap, HeaderName};

use crate::http::grammar::is_authority;
use forwarded::Element;
pub(crate) use trusted::TrustedProxies;

static X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
static X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
static X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// The scheme of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    Http,
    Https,
}

impl Scheme {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::Http, Self::Https]
            .into_iter()
            .find(|scheme| text.eq_ignore_ascii_case(scheme.as_str()))
    }
}

/// The parts of a request's forwarding fields that are believed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Believed<'a> {
    /// From the client to the last proxy before the peer. Empty if the peer is the client.
    pub(crate) hops: Vec<IpAddr>,
    /// The host that the client asked for and the scheme it used, as the proxy next to it saw them.
    pub(crate) host: Option<&'a str>,
    pub(crate) scheme: Option<Scheme>,
}

impl TrustedProxies {
    /// The client's address; `peer` is the address that connected. Allocates only for a trusted
    /// peer.
    #[must_use]
    pub fn client_address(&self, peer: IpAddr, fields: &HeaderMap) -> IpAddr {
        let believed = self.believe(peer, fields);
        believed.client().unwrap_or_else(|| peer.to_canonical())
    }

    pub(crate) fn believe<'a>(&self, peer: IpAddr, fields: &'a HeaderMap) -> Believed<'a> {
        if !self.trusts(peer) {
            return Believed::default();
        }
        let says_forwarded = fields.contains_key(FORWARDED);
        if says_forwarded && !fields.contains_key(&X_FORWARDED_FOR) {
            // A proxy that writes `Forwarded` has left the `X-Forwarded-` fields as the client sent
            // them.
            return self.by_forwarded(fields);
        }
        let believed = self.by_x_forwarded(fields);
        if says_forwarded {
            believed.agreeing_with(&self.by_forwarded(fields))
        } else {
            believed
        }
    }

    fn by_x_forwarded<'a>(&self, fields: &'a HeaderMap) -> Believed<'a> {
        let mut hops = Vec::new();
        for element in elements(fields, &X_FORWARDED_FOR) {
            let address = std::str::from_utf8(element).ok();
            self.extend(&mut hops, address.and_then(forwarded::address));
        }
        // All values before the last may be the client's.
        let last = |name| std::str::from_utf8(elements(fields, name).last()?).ok();
        Believed {
            hops,
            host: last(&X_FORWARDED_HOST).filter(|host| is_authority(host.as_bytes())),
            scheme: last(&X_FORWARDED_PROTO).and_then(Scheme::parse),
        }
    }

    /// Reads `Forwarded` (RFC 7239 §4).
    fn by_forwarded<'a>(&self, fields: &'a HeaderMap) -> Believed<'a> {
        let mut hops = Vec::new();
        // The writer of the first believed element saw the client itself.
        let mut origin: Option<Element<'a>> = None;
        let lines = fields.get_all(FORWARDED);
        for element in lines.flat_map(|line| forwarded::elements(line.as_bytes())) {
            let address = element.as_ref().and_then(|element| element.address);
            if address.is_none_or(|address| !self.trusts(address)) {
                origin = None;
            }
            self.extend(&mut hops, address);
            origin = origin.or(element);
        }
        let origin = origin.unwrap_or_default();
        Believed {
            hops,
            host: origin.host,
            scheme: origin.scheme,
        }
    }

    /// Adds the next element, from the client's side on. `hops` ends up with the believed
    /// addresses.
    fn extend(&self, hops: &mut Vec<IpAddr>, next: Option<IpAddr>) {
        match next {
            Some(address) => {
                if !self.trusts(address) {
                    hops.clear();
                }
                hops.push(address);
            }
            None => hops.clear(),
        }
    }
}

impl Believed<'_> {
    fn client(&self) -> Option<IpAddr> {
        self.hops.first().copied()
    }

    fn agreeing_with(mut self, other: &Self) -> Self {
        if self.client() != other.client() {
            return Self::default();
        }
        self.host = self.host.filter(|host| other.host == Some(host));
        self.scheme = self.scheme.filter(|scheme| other.scheme == Some(*scheme));
        self
    }
}

/// The elements of a list, which may span several lines, without the empty ones (RFC 9110 §5.6.1).
fn elements<'a>(
    fields: &'a HeaderMap,
    name: &'static HeaderName,
) -> impl Iterator<Item = &'a [u8]> {
    fields
        .get_all(name)
        .flat_map(|line| line.as_bytes().split(|byte| *byte == b','))
        .map(<[u8]>::trim_ascii)
        .filter(|element| !element.is_empty())
}
