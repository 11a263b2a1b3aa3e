//! Where an upstream is: a URL, or one for each of its replicas.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use actix_web::http::Uri;
use actix_web::http::uri::{Authority, Scheme};
use hickory_resolver::proto::rr::Name;
use http::HeaderValue;

use crate::http::segment::check_path;

/// `http(s)://host[:port][/prefix]` or `srv+http://name[/prefix]`, or several of these with commas
/// between them. They differ in their hosts and ports alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpstreamUrl {
    pub scheme: Scheme,
    /// At least one.
    pub endpoints: Vec<Endpoint>,
    /// Precedes every target; empty, or `/…` without a final slash.
    pub prefix: String,
}

/// The host and port of a URL. A host with several addresses has a replica at each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    authority: Authority,
    default_port: u16,
    /// Whether the host is the name of SRV records, which say the hosts and ports (RFC 2782).
    is_service: bool,
}

/// The most URLs of one upstream. A name may have more addresses.
const MOST: usize = 256;

/// Precedes the scheme of a URL whose host is the name of SRV records.
const SERVICE: &str = "srv+";

const EXPECTED: &str = "expected http(s)://host[:port][/path] or srv+http://name[/path]";

impl UpstreamUrl {
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.scheme == Scheme::HTTPS
    }

    /// Whether both lead to the same upstream: one host at least is the same.
    pub(crate) fn shares_with(&self, other: &Self) -> bool {
        let mut endpoints = self.endpoints.iter();
        self.scheme == other.scheme
            && self.prefix == other.prefix
            && endpoints.any(|one| other.endpoints.contains(one))
    }

    /// The URLs without their path, with commas between them.
    #[must_use]
    pub fn origins(&self) -> String {
        let origins = self.endpoints.iter();
        let origins = origins.map(|one| one.origin(&self.scheme));
        origins.collect::<Vec<_>>().join(",")
    }

    fn one(text: &str) -> Result<Self, &'static str> {
        let service = text.strip_prefix(SERVICE);
        let (text, is_service) = (service.unwrap_or(text), service.is_some());
        let uri: Uri = text.parse().ok().ok_or(EXPECTED)?;
        let parts = uri.into_parts();
        let (Some(scheme), Some(authority)) = (parts.scheme, parts.authority) else {
            return Err(EXPECTED);
        };
        let path = parts
            .path_and_query
            .as_ref()
            .map_or("", |path| path.as_str());
        let known_scheme = scheme == Scheme::HTTP || scheme == Scheme::HTTPS;
        if !known_scheme || path.contains('?') || text.contains('#') {
            return Err(EXPECTED);
        }
        if authority.as_str().contains('@') {
            return Err("credentials do not belong in a URL");
        }
        // The text after the host is not a port.
        if authority.port().is_none() && authority.as_str() != authority.host() {
            return Err(EXPECTED);
        }
        if authority.port_u16() == Some(0) {
            return Err("no upstream has the port 0");
        }
        check_plain(path)?;
        let prefix = path.trim_end_matches('/').to_owned();
        let default_port = if scheme == Scheme::HTTPS { 443 } else { 80 };
        let endpoint = Endpoint {
            authority,
            default_port,
            is_service,
        };
        if is_service {
            endpoint.check_service(&scheme)?;
        }
        Ok(Self {
            scheme,
            endpoints: vec![endpoint],
            prefix,
        })
    }
}

impl Endpoint {
    /// A host and port that an SRV record names. `None` if no URL can hold the host.
    #[must_use]
    pub(crate) fn of_record(host: &str, port: u16) -> Option<Self> {
        let authority = format!("{host}:{port}").parse().ok()?;
        Some(Self {
            authority,
            default_port: 80,
            is_service: false,
        })
    }

    fn check_service(&self, scheme: &Scheme) -> Result<(), &'static str> {
        if *scheme == Scheme::HTTPS {
            return Err(
                "nobody vouches for the hosts in an SRV record, so no certificate can be checked",
            );
        }
        if self.authority.port().is_some() {
            return Err("the SRV records give the port");
        }
        if self.ip().is_some() || Name::from_ascii(self.host()).is_err() {
            return Err("SRV records belong to a name");
        }
        Ok(())
    }

    /// Whether the host is the name of SRV records.
    #[must_use]
    pub(crate) fn is_service(&self) -> bool {
        self.is_service
    }

    /// The name or address to connect to; an IPv6 address without its brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        self.authority.host().trim_matches(['[', ']'])
    }

    #[must_use]
    pub fn port(&self) -> u16 {
        self.authority.port_u16().unwrap_or(self.default_port)
    }

    /// The address, if the host is one and no name.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        Some(SocketAddr::new(self.ip()?, self.port()))
    }

    fn ip(&self) -> Option<IpAddr> {
        self.host().parse().ok()
    }

    /// The URL without a path.
    fn origin(&self, scheme: &Scheme) -> String {
        let service = if self.is_service { SERVICE } else { "" };
        format!("{service}{scheme}://{}", self.authority)
    }

    /// The value of a request's `Host`, without the scheme's default port (RFC 9110 §4.2.3).
    #[must_use]
    pub fn host_field(&self) -> HeaderValue {
        let text = if self.port() == self.default_port {
            self.authority.host()
        } else {
            self.authority.as_str()
        };
        // An authority has no character that a field value forbids.
        HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(""))
    }

    fn is_same_place(&self, other: &Self) -> bool {
        self.is_service == other.is_service
            && self.port() == other.port()
            && self.host().eq_ignore_ascii_case(other.host())
    }
}

impl FromStr for UpstreamUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let texts: Vec<_> = text.split(',').map(str::trim).collect();
        let [first, others @ ..] = &*texts else {
            return Err(EXPECTED.to_owned());
        };
        if others.is_empty() {
            return Ok(Self::one(first)?);
        }
        if texts.len() > MOST {
            return Err(format!(
                "lists more than {MOST} URLs: use one name for them"
            ));
        }
        let one = |text: &str| Self::one(text).map_err(|reason| format!("{text:?}: {reason}"));
        let mut all = one(first)?;
        for text in others {
            let other = one(text)?;
            if other.scheme != all.scheme || other.prefix != all.prefix {
                return Err(format!(
                    "{text:?}: may differ from {first:?} only in host and port"
                ));
            }
            for endpoint in other.endpoints {
                if all.endpoints.iter().any(|one| one.is_same_place(&endpoint)) {
                    return Err(format!("{text:?}: is listed twice"));
                }
                all.endpoints.push(endpoint);
            }
        }
        Ok(all)
    }
}

impl fmt::Display for UpstreamUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, endpoint) in self.endpoints.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            write!(f, "{comma}{}{}", endpoint.origin(&self.scheme), self.prefix)?;
        }
        Ok(())
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.authority.fmt(f)
    }
}

/// Checks a path without parameters, with or without a query.
pub(super) fn check_plain(target: &str) -> Result<(), &'static str> {
    let plain = |c: char| c.is_ascii_graphic() && !"#\\{}".contains(c);
    if !target.chars().all(plain) {
        return Err("must hold no parameter, fragment, space or letter beyond ASCII");
    }
    check_path(target.split('?').next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::UpstreamUrl;

    #[test]
    fn the_host_field_omits_only_the_schemes_default_port() {
        for (url, host, port, field) in [
            ("http://orders:8002", "orders", 8002, "orders:8002"),
            ("http://orders:80/v1", "orders", 80, "orders"),
            ("https://orders:443", "orders", 443, "orders"),
            ("https://orders:80", "orders", 80, "orders:80"),
            ("https://orders", "orders", 443, "orders"),
            ("http://[::1]:8002", "::1", 8002, "[::1]:8002"),
            ("http://[::1]", "::1", 80, "[::1]"),
        ] {
            let parsed: UpstreamUrl = url.parse().unwrap();
            let endpoint = &parsed.endpoints[0];
            assert_eq!((endpoint.host(), endpoint.port()), (host, port), "{url}");
            assert_eq!(endpoint.host_field(), field, "{url}");
        }
    }

    #[test]
    fn an_invalid_port_is_refused() {
        for url in ["http://orders:99999", "http://orders:", "http://orders:x"] {
            assert!(url.parse::<UpstreamUrl>().is_err(), "{url}");
        }
    }

    #[test]
    fn replicas_are_a_list_of_urls() {
        let written = "http://a:8002/v1, http://10.0.0.2:8002/v1/,http://[::1]/v1";
        let url: UpstreamUrl = written.parse().unwrap();
        let hosts: Vec<_> = url.endpoints.iter().map(ToString::to_string).collect();
        assert_eq!(hosts, ["a:8002", "10.0.0.2:8002", "[::1]"]);
        let addresses: Vec<_> = url.endpoints.iter().map(|one| one.address()).collect();
        let address = |text: &str| Some(text.parse().unwrap());
        assert_eq!(
            addresses,
            [None, address("10.0.0.2:8002"), address("[::1]:80")]
        );
        let shown = "http://a:8002/v1,http://10.0.0.2:8002/v1,http://[::1]/v1";
        assert_eq!(url.to_string(), shown);
        assert_eq!(shown.parse::<UpstreamUrl>().unwrap(), url);
    }

    #[test]
    fn a_service_is_a_name_without_a_port() {
        let written = "srv+http://_orders._tcp.example/v1,http://a:8002/v1";
        let url: UpstreamUrl = written.parse().unwrap();
        let kinds: Vec<_> = url.endpoints.iter().map(|one| one.is_service()).collect();
        assert_eq!(kinds, [true, false]);
        assert_eq!(url.endpoints[0].address(), None);
        assert_eq!(url.to_string(), written);
        assert_eq!(
            url.origins(),
            "srv+http://_orders._tcp.example,http://a:8002"
        );
        for (url, reason) in [
            ("srv+https://_orders._tcp.example", "certificate"),
            ("srv+http://_orders._tcp.example:80", "the port"),
            ("srv+http://10.0.0.1", "a name"),
            ("srv+http://a..b", "a name"),
            ("srv+http://", "expected"),
            ("srv+ftp://orders", "expected"),
            ("srv+srv+http://orders", "expected"),
        ] {
            let refused = url.parse::<UpstreamUrl>().unwrap_err();
            assert!(refused.contains(reason), "{url}: {refused}");
        }
    }

    #[test]
    fn replicas_differ_in_their_hosts_and_ports_alone() {
        for list in [
            "http://a,https://b",
            "http://a/v1,http://b/v2",
            "http://a,http://A:80",
            "http://a,,http://b",
            "http://a,",
            "http://a,b:80",
        ] {
            assert!(list.parse::<UpstreamUrl>().is_err(), "{list}");
        }
    }
}
