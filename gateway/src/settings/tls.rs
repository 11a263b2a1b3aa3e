//! The files of the certificate for clients.

use std::path::{Path, PathBuf};

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

fn missing(name: &str, other: &str) -> ConfigError {
    ConfigError::new(name, format!("is needed with {other}"))
}

#[cfg(test)]
mod tests {
    use service_kit::env::Env;

    use super::{CERT, KEY, TlsFiles};

    #[test]
    fn one_file_without_the_other_is_refused_by_the_missing_ones_name() {
        for (given, missing) in [(CERT, KEY), (KEY, CERT)] {
            let error = TlsFiles::from_env(&Env::of_pairs([(given, "/some.pem")])).unwrap_err();
            assert_eq!(error.name, missing);
            assert!(error.reason.contains(given), "{error}");
        }
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
