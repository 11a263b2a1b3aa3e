//! The files of the certificate for clients, and what keeps clients from clear text.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use actix_web::http::header::HeaderValue;
use service_kit::env::{ConfigError, Env};

/// The variable that names the certificate chain.
pub(crate) const CERT: &str = "GATEWAY_TLS_CERT";
/// The variable that names its key.
pub(crate) const KEY: &str = "GATEWAY_TLS_KEY";

/// Two PEM files. They are read where they are used, not here: a running gateway must be found
/// healthy while its files are being replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// `GATEWAY_TLS_CERT`: the certificate, followed by the chain to its authority.
    pub cert: PathBuf,
    /// `GATEWAY_TLS_KEY`: the certificate's private key.
    pub key: PathBuf,
}

impl TlsFiles {
    pub(crate) fn paths(&self) -> [&Path; 2] {
        [&self.cert, &self.key]
    }

    /// `None` if neither variable is set.
    pub(crate) fn from_env(env: &Env) -> Result<Option<Self>, ConfigError> {
        match (env.get(CERT), env.get(KEY)) {
            (None, None) => Ok(None),
            (Some(cert), Some(key)) => Ok(Some(Self {
                cert: cert.into(),
                key: key.into(),
            })),
            (Some(_), None) => Err(missing(KEY, CERT)),
            (None, Some(_)) => Err(missing(CERT, KEY)),
        }
    }
}

/// The variable that names the listener for clear text.
const REDIRECT: &str = "GATEWAY_HTTP_REDIRECT_BIND";
/// The variable that makes browsers come over TLS only.
const HSTS: &str = "GATEWAY_HSTS";

/// What keeps clients from clear text. Both need a certificate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct HttpsOnly {
    /// `GATEWAY_HTTP_REDIRECT_BIND`: an address in clear text that leads to the public one.
    pub(crate) redirect: Option<SocketAddr>,
    /// `GATEWAY_HSTS`: how long a browser comes over TLS only (RFC 6797), in whole seconds.
    pub(crate) hsts: Option<Duration>,
}

impl HttpsOnly {
    pub(crate) fn from_env(env: &Env, tls: Option<&TlsFiles>) -> Result<Self, ConfigError> {
        let this = Self {
            redirect: env.parse(REDIRECT)?,
            hsts: env.duration(HSTS)?,
        };
        let given = [
            (REDIRECT, this.redirect.is_some()),
            (HSTS, this.hsts.is_some()),
        ];
        match given.into_iter().find(|(_, is_given)| *is_given) {
            Some((name, _)) if tls.is_none() => {
                Err(ConfigError::new(name, format!("needs {CERT} and {KEY}")))
            }
            _ => Ok(this),
        }
    }

    /// The value of `Strict-Transport-Security`.
    pub(crate) fn hsts(&self) -> Option<HeaderValue> {
        let seconds = self.hsts?.as_secs();
        HeaderValue::try_from(format!("max-age={seconds}")).ok()
    }
}

fn missing(name: &str, other: &str) -> ConfigError {
    ConfigError::new(name, format!("is needed with {other}"))
}

#[cfg(test)]
mod tests {
    use service_kit::env::Env;

    use super::{CERT, HttpsOnly, KEY, TlsFiles};

    #[test]
    fn one_file_without_the_other_is_refused_by_the_missing_ones_name() {
        for (given, missing) in [(CERT, KEY), (KEY, CERT)] {
            let error = TlsFiles::from_env(&Env::of_pairs([(given, "/some.pem")])).unwrap_err();
            assert_eq!(error.name, missing);
            assert!(error.reason.contains(given), "{error}");
        }
    }

    #[test]
    fn what_keeps_clients_from_clear_text_needs_a_certificate() {
        for (name, value) in [
            ("GATEWAY_HSTS", "180d"),
            ("GATEWAY_HTTP_REDIRECT_BIND", "0.0.0.0:80"),
        ] {
            let env = Env::of_pairs([(name, value)]);
            let error = HttpsOnly::from_env(&env, None).unwrap_err();
            assert_eq!(error.name, name);
            assert!(error.reason.contains(CERT), "{error}");
            let files = TlsFiles {
                cert: "/cert.pem".into(),
                key: "/key.pem".into(),
            };
            assert!(HttpsOnly::from_env(&env, Some(&files)).is_ok(), "{name}");
        }
    }

    #[test]
    fn the_time_is_told_in_seconds_and_none_takes_it_back() {
        for (text, told) in [("180d", "max-age=15552000"), ("0s", "max-age=0")] {
            let files = TlsFiles {
                cert: "/cert.pem".into(),
                key: "/key.pem".into(),
            };
            let env = Env::of_pairs([("GATEWAY_HSTS", text)]);
            let https_only = HttpsOnly::from_env(&env, Some(&files)).unwrap();
            assert_eq!(https_only.hsts().unwrap(), told);
        }
        assert_eq!(HttpsOnly::default().hsts(), None);
    }

    #[test]
    fn neither_is_plain_http_and_both_are_tls() {
        assert_eq!(TlsFiles::from_env(&Env::of_pairs([])).unwrap(), None);
        let env = Env::of_pairs([(CERT, "/cert.pem"), (KEY, "/key.pem")]);
        let files = TlsFiles::from_env(&env).unwrap().unwrap();
        assert_eq!(files.cert.to_str(), Some("/cert.pem"));
        assert_eq!(files.key.to_str(), Some("/key.pem"));
    }
}
