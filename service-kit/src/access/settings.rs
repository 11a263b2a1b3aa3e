//! The settings of access, which every service reads.

use std::str::FromStr;

use crate::env::{ConfigError, Env};
use crate::peer::{PeerSecret, PeerUrl};

/// `ACCESS`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Access {
    /// Everyone may use every route: the published contract, for demonstrations.
    #[default]
    Open,
    /// Each route is for those whom its rule names.
    Strict,
}

impl FromStr for Access {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "open" => Ok(Self::Open),
            "strict" => Ok(Self::Strict),
            _ => Err("expected open or strict"),
        }
    }
}

/// The settings of a service that checks tokens and does not issue them.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// `ACCESS`: `open` or `strict`; `open` by default.
    pub access: Access,
    /// `CLIENTS_URL`: the client service, which tells its public keys and the sessions that were
    /// ended early. Needed with `ACCESS=strict`.
    pub clients_url: Option<PeerUrl>,
    /// `PEER_SECRET`: the password by which the services know each other, at least 32 bytes. Needed
    /// with `ACCESS=strict`.
    pub peer_secret: Option<PeerSecret>,
}

impl Settings {
    /// # Errors
    /// A variable is set to an invalid value, or one that is needed is missing.
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        let settings = Self {
            access: env.parse_or("ACCESS", Access::default())?,
            clients_url: env.parse("CLIENTS_URL")?,
            peer_secret: env.parse("PEER_SECRET")?,
        };
        if settings.access == Access::Strict {
            let needed = |name: &str| ConfigError::new(name, "needed with ACCESS=strict");
            if settings.clients_url.is_none() {
                return Err(needed("CLIENTS_URL"));
            }
            if settings.peer_secret.is_none() {
                return Err(needed("PEER_SECRET"));
            }
        }
        Ok(settings)
    }
}

#[cfg(test)]
mod tests {
    use super::{Access, Settings};
    use crate::env::Env;

    #[test]
    fn open_access_needs_nothing() {
        let settings = Settings::from_env(&Env::of_pairs([])).unwrap();
        assert_eq!(settings.access, Access::Open);
    }

    #[test]
    fn strict_access_names_what_it_lacks() {
        let strict = ("ACCESS", "strict");
        let clients = ("CLIENTS_URL", "http://clients:8001");
        let secret = ("PEER_SECRET", "0123456789abcdef0123456789abcdef");
        let missing = |env: Env| Settings::from_env(&env).unwrap_err().name;
        assert_eq!(missing(Env::of_pairs([strict])), "CLIENTS_URL");
        assert_eq!(missing(Env::of_pairs([strict, clients])), "PEER_SECRET");
        let settings = Settings::from_env(&Env::of_pairs([strict, clients, secret])).unwrap();
        assert_eq!(settings.access, Access::Strict);
    }

    #[test]
    fn an_invalid_value_is_refused_by_name_and_not_repeated() {
        for (name, value) in [("ACCESS", "closed"), ("PEER_SECRET", "too short to be one")] {
            let error = Settings::from_env(&Env::of_pairs([(name, value)])).unwrap_err();
            assert_eq!(error.name, name);
            assert!(!error.to_string().contains(value), "{error}");
        }
    }
}
