//! A service behind the gateway, as it is configured.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::Uri;
use actix_web::http::uri::{Authority, Scheme};
use service_kit::env::{ConfigError, Env};
use shared_types::text::Text;

use super::file::UpstreamTable;

#[derive(Clone, Debug)]
pub struct Upstream {
    pub name: Arc<str>,
    /// How an error message names it: "Le service des commandes".
    pub label: Text,
    pub url: UpstreamUrl,
    /// For DNS, TCP and TLS together.
    pub connect_timeout: Duration,
    /// For the whole exchange, until the last byte of the answer.
    pub timeout: Duration,
}

/// `http(s)://host[:port][/prefix]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpstreamUrl {
    pub scheme: Scheme,
    pub authority: Authority,
    /// Comes before every target; empty, or `/…` without a slash at its end.
    pub prefix: String,
}

impl Upstream {
    pub(super) fn new(name: String, table: UpstreamTable, env: &Env) -> Result<Self, ConfigError> {
        let in_file = |key: &str| format!("upstreams.{name}.{key}");
        for (key, duration) in [
            ("connect_timeout", table.connect_timeout),
            ("timeout", table.timeout),
        ] {
            if duration.is_zero() {
                return Err(ConfigError::new(in_file(key), "must be longer than 0"));
            }
        }
        let variable = format!("{}_URL", name.to_uppercase().replace('-', "_"));
        let url = match env.parse(&variable)? {
            Some(url) => url,
            None => UpstreamUrl::from_str(&table.url)
                .map_err(|reason| ConfigError::new(in_file("url"), reason))?,
        };
        Ok(Self {
            name: name.into(),
            label: Text::formatted(table.label.fr, table.label.en),
            url,
            connect_timeout: table.connect_timeout,
            timeout: table.timeout,
        })
    }
}

impl UpstreamUrl {
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.scheme == Scheme::HTTPS
    }
}

impl FromStr for UpstreamUrl {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const EXPECTED: &str = "expected http(s)://host[:port][/path]";
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
        let prefix = path.trim_end_matches('/').to_owned();
        Ok(Self {
            scheme,
            authority,
            prefix,
        })
    }
}

impl fmt::Display for UpstreamUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}", self.scheme, self.authority, self.prefix)
    }
}
