//! Another service, known only by its URL.

mod backoff;
mod secret;

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use actix_web::http::Uri;
use actix_web::http::header::HeaderName;

use crate::tls;

pub use backoff::Backoff;
pub use secret::PeerSecret;

/// Carries the sender's [`PeerSecret`] beside a client's token, when a service passes on a request
/// for a client. It gives no access: it only makes the receiver believe fields that clients may not
/// set.
pub const VOUCHER: HeaderName = HeaderName::from_static("x-peer-secret");

/// How long a connection to a peer may take. A peer is close by: if it is available, it answers at
/// once.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// `http://HOST[:PORT][/PREFIX]` or the same with `https`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerUrl {
    url: String,
    /// What this service is known by at the peer, if access is strict there.
    secret: Option<PeerSecret>,
}

impl PeerUrl {
    /// A client for requests to the peer. It belongs to the thread that makes it.
    #[must_use]
    pub fn client(&self) -> awc::Client {
        let mut connector = awc::Connector::new().timeout(CONNECT_TIMEOUT);
        if self.url.starts_with("https:") {
            match tls::client_config() {
                Ok(config) => connector = connector.rustls_0_23(config),
                Err(error) => log::error!("TLS cannot be set up, so calls to a peer fail: {error}"),
            }
        }
        let client = awc::Client::builder()
            .connector(connector)
            .disable_redirects();
        match &self.secret {
            Some(secret) => client.bearer_auth(secret.expose()).finish(),
            None => client.finish(),
        }
    }

    /// The same peer, whose requests carry this secret.
    #[must_use]
    pub fn known_by(self, secret: Option<&PeerSecret>) -> Self {
        let secret = secret.cloned();
        Self { secret, ..self }
    }

    /// The same with `path`, which begins with a slash, behind it.
    #[must_use]
    pub fn below(&self, path: &str) -> Self {
        let url = self.at(path);
        Self {
            url,
            secret: self.secret.clone(),
        }
    }

    /// The URL of `path`, which begins with a slash.
    #[must_use]
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }
}

impl FromStr for PeerUrl {
    /// Does not repeat the URL, which may hold a password.
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refused = "expected http://HOST[:PORT][/PREFIX] or https://…";
        let uri: Uri = text.parse().map_err(|_invalid| refused)?;
        let is_http = matches!(uri.scheme_str(), Some("http" | "https"));
        let authority = uri.authority().map_or("", |authority| authority.as_str());
        // No peer takes a password.
        let is_host = !authority.is_empty() && !authority.contains('@');
        if !is_http || !is_host || uri.query().is_some() {
            return Err(refused);
        }
        Ok(Self {
            url: text.trim_end_matches('/').to_owned(),
            secret: None,
        })
    }
}

impl fmt::Display for PeerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.url)
    }
}

#[cfg(test)]
mod tests {
    use super::PeerUrl;

    #[test]
    fn a_path_is_put_behind_the_url() {
        for url in ["http://kitchen:8003", "http://kitchen:8003/"] {
            let peer: PeerUrl = url.parse().unwrap();
            assert_eq!(peer.at("/events"), "http://kitchen:8003/events");
        }
        let peer: PeerUrl = "https://example.com/v1/".parse().unwrap();
        assert_eq!(peer.at("/events"), "https://example.com/v1/events");
    }

    #[test]
    fn an_invalid_base_url_is_refused() {
        for url in [
            "kitchen:8003",
            "ftp://kitchen",
            "http://",
            "http://user:s3cret@kitchen",
            "/events",
            "http://kitchen/?a=b",
        ] {
            assert!(url.parse::<PeerUrl>().is_err(), "{url}");
        }
    }
}
