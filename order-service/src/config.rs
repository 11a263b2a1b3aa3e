//! What the order service is told by its environment.

use std::net::{Ipv4Addr, SocketAddr};

use service_kit::env::{ConfigError, Env};

use crate::store;

#[derive(Clone, Debug)]
pub struct Config {
    /// `ORDER_SERVICE_BIND`: where it listens; `127.0.0.1:8002` by default.
    pub bind: SocketAddr,
    /// `DATABASE_URL`: the file that keeps menu and orders, `sqlite://PATH`, made with its folder where it is
    /// missing; `sqlite://data/orders.db` by default.
    pub database_url: String,
    /// `SEED_DEMO`: whether an empty menu is filled with sample dishes; `true` by default.
    pub seed_demo: bool,
}

impl Config {
    /// # Errors
    /// A variable that is there and cannot be used.
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        let default = SocketAddr::from((Ipv4Addr::LOCALHOST, 8002));
        let database_url = env.parse_with("DATABASE_URL", |url| {
            store::sqlite_file(url).map_err(|error| error.to_string())?;
            Ok(url.to_owned())
        })?;
        Ok(Self {
            bind: env.parse_or("ORDER_SERVICE_BIND", default)?,
            database_url: database_url.unwrap_or_else(|| "sqlite://data/orders.db".to_owned()),
            seed_demo: env.parse_or("SEED_DEMO", true)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use service_kit::env::Env;

    use super::Config;

    #[test]
    fn an_empty_environment_is_enough() {
        let config = Config::from_env(&Env::of_pairs([])).unwrap();
        assert_eq!(config.bind.to_string(), "127.0.0.1:8002");
        assert_eq!(config.database_url, "sqlite://data/orders.db");
        assert!(config.seed_demo);
    }

    #[test]
    fn a_database_that_is_no_sqlite_file_is_refused() {
        for url in [
            "postgres://user:s3cret@db/orders",
            "data/orders.db",
            "sqlite://",
            "sqlite::memory:",
            "sqlite://orders.db?mode=memory",
            "sqlite://orders.db?colour=red",
        ] {
            let env = Env::new(move |name| (name == "DATABASE_URL").then(|| url.to_owned()));
            let error = Config::from_env(&env).unwrap_err();
            assert_eq!(error.name, "DATABASE_URL", "{url}");
            assert!(!error.to_string().contains("s3cret"), "{error}");
        }
    }
}
