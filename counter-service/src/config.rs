//! The configuration of the counter service.

use std::net::{Ipv4Addr, SocketAddr};

use service_kit::access;
use service_kit::database::DatabaseUrl;
use service_kit::env::{ConfigError, Env, Secret};
use service_kit::peer::PeerUrl;

/// The upstreams that can have a counter: the name in the gateway's file, and the variable with the
/// address. A further one is a line here; one whose requests have no `Idempotency-Key` must not be
/// added, since a delivery may be repeated.
const KNOWN: &[(&str, &str)] = &[("orders", "ORDERS_URL")];

#[derive(Clone, Debug)]
pub struct Config {
    /// `COUNTER_SERVICE_BIND`: the address to listen on; `127.0.0.1:8005` by default.
    pub bind: SocketAddr,
    /// `DATABASE_URL`: the database of the kept requests, `postgres://…` or the file
    /// `sqlite://PATH`, which is created with its folder; `sqlite://data/counter.db` by default.
    pub database_url: DatabaseUrl,
    /// `ORDERS_URL`: the order service; requests for it are refused without.
    pub upstreams: Vec<Upstream>,
    /// `COUNTER_SECRET`: what the kept requests are encrypted with, at least 32 bytes. Without it, one
    /// is made and stored in a file `counter-secret` beside the database file. Required with
    /// PostgreSQL: every replica needs the same.
    pub key: Option<Secret>,
    pub bounds: Bounds,
    pub access: access::Settings,
}

/// A service whose requests are kept.
#[derive(Clone, Debug)]
pub struct Upstream {
    pub name: &'static str,
    pub url: PeerUrl,
}

/// What may wait at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// `COUNTER_MAX_ENTRIES`: requests; `10000` by default.
    pub entries: u64,
    /// `COUNTER_MAX_BYTES`: bytes of their fields and bodies; `67108864` by default.
    pub bytes: u64,
    /// `COUNTER_MAX_PER_CLIENT`: requests of one client, or of one address if no token was checked;
    /// `1000` by default.
    pub per_client: u64,
}

impl Default for Bounds {
    /// As many orders as the kitchen takes, of 6 KiB each; and as many of one address as the order
    /// service takes, since all tablets of a restaurant may have one address.
    fn default() -> Self {
        Self {
            entries: 10_000,
            bytes: 64 << 20,
            per_client: 1000,
        }
    }
}

impl Config {
    /// # Errors
    /// A variable is set to an invalid value, or one that is needed is missing.
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        let bind = SocketAddr::from((Ipv4Addr::LOCALHOST, 8005));
        let database_url = DatabaseUrl::File("data/counter.db".into());
        let database_url = env.parse_or("DATABASE_URL", database_url)?;
        let key = env.parse("COUNTER_SECRET")?;
        if key.is_none() && matches!(database_url, DatabaseUrl::Postgres(_)) {
            return Err(ConfigError::new("COUNTER_SECRET", "needed with PostgreSQL"));
        }
        let mut upstreams = Vec::new();
        for (name, variable) in KNOWN {
            let url = env.parse(variable)?;
            upstreams.extend(url.map(|url| Upstream { name, url }));
        }
        Ok(Self {
            bind: env.parse_or("COUNTER_SERVICE_BIND", bind)?,
            database_url,
            upstreams,
            key,
            bounds: bounds(env)?,
            access: access::Settings::from_env(env)?,
        })
    }
}

fn bounds(env: &Env) -> Result<Bounds, ConfigError> {
    let default = Bounds::default();
    let number = |name: &str, default| {
        let read = env.parse_with(name, |text| match text.parse() {
            Ok(number @ 1..) => Ok(number),
            _ => Err("expected a number from 1".to_owned()),
        });
        Ok(read?.unwrap_or(default))
    };
    Ok(Bounds {
        entries: number("COUNTER_MAX_ENTRIES", default.entries)?,
        bytes: number("COUNTER_MAX_BYTES", default.bytes)?,
        per_client: number("COUNTER_MAX_PER_CLIENT", default.per_client)?,
    })
}

#[cfg(test)]
mod tests {
    use service_kit::env::Env;

    use super::{Bounds, Config, DatabaseUrl};

    const KEY: &str = "correct-horse-battery-staple-and-more";

    #[test]
    fn an_empty_environment_is_enough() {
        let config = Config::from_env(&Env::of_pairs([])).unwrap();
        assert_eq!(config.bind.to_string(), "127.0.0.1:8005");
        let file = DatabaseUrl::File("data/counter.db".into());
        assert_eq!(config.database_url, file);
        assert_eq!(config.bounds, Bounds::default());
        assert!(config.upstreams.is_empty() && config.key.is_none());
    }

    #[test]
    fn an_invalid_value_is_refused_by_name() {
        for (name, value) in [
            ("COUNTER_SERVICE_BIND", "8005"),
            ("DATABASE_URL", "mysql://user:s3cret@db/counter"),
            ("ORDERS_URL", "orders:8002"),
            ("COUNTER_SECRET", "too short"),
            ("COUNTER_MAX_ENTRIES", "0"),
            ("COUNTER_MAX_BYTES", "1MiB"),
            ("COUNTER_MAX_PER_CLIENT", "many"),
            ("ACCESS", "closed"),
        ] {
            let error = Config::from_env(&Env::of_pairs([(name, value)])).unwrap_err();
            assert_eq!(error.name, name);
            assert!(!error.to_string().contains(value), "{error}");
        }
    }

    #[test]
    fn postgresql_needs_a_key_that_all_replicas_share() {
        let url = ("DATABASE_URL", "postgres://u:p@db/counter");
        let error = Config::from_env(&Env::of_pairs([url])).unwrap_err();
        assert_eq!(error.name, "COUNTER_SECRET");
        assert!(Config::from_env(&Env::of_pairs([url, ("COUNTER_SECRET", KEY)])).is_ok());
    }

    #[test]
    fn the_key_is_never_printed() {
        let config = Config::from_env(&Env::of_pairs([("COUNTER_SECRET", KEY)])).unwrap();
        assert!(!format!("{config:?}").contains(KEY));
    }
}
