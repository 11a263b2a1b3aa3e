//! The configuration of the order service.

use std::net::{Ipv4Addr, SocketAddr};
use std::str::FromStr;
use std::time::Duration;

use chrono_tz::Tz;
use service_kit::access;
use service_kit::database::DatabaseUrl;
use service_kit::env::{ConfigError, Env};
use service_kit::peer::PeerUrl;

use crate::opening::Opening;

#[derive(Clone, Debug)]
pub struct Config {
    /// `ORDER_SERVICE_BIND`: the address to listen on; `127.0.0.1:8002` by default.
    pub bind: SocketAddr,
    /// `DATABASE_URL`: the database of menu and orders, `postgres://…` or the file `sqlite://PATH`,
    /// which is created with its folder; `sqlite://data/orders.db` by default.
    pub database_url: DatabaseUrl,
    /// `KITCHEN_URL`: the kitchen that receives every order; none by default.
    pub kitchen_url: Option<PeerUrl>,
    /// `DELIVERY_URL`: the delivery service that receives every order; none by default.
    pub delivery_url: Option<PeerUrl>,
    /// `ORDERS_OPEN_PER_ADDRESS`: how many open orders a client address, or an IPv6 /64 network,
    /// may have, `off` for any number; `1000` by default.
    pub open_per_address: OpenPerAddress,
    pub access: access::Settings,
    /// `OPENING_HOURS`: the hours at which orders are taken, such as `Tu-Sa 12:00-14:30,19:00-22:30`;
    /// always by default. `OPENING_TIME_ZONE`: the clock of these hours; `Europe/Paris` by default.
    pub opening: Opening,
    /// `RETENTION`: how long an ended order names its client, such as `365d`; for ever by default.
    pub retention: Option<Duration>,
    /// `SEED_DEMO`: whether an empty menu is filled with sample dishes; `true` by default.
    pub seed_demo: bool,
}

/// The limit on the open orders of a client address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenPerAddress(Option<u32>);

impl OpenPerAddress {
    /// `None` for no limit.
    pub(crate) fn get(self) -> Option<u32> {
        self.0
    }
}

impl Default for OpenPerAddress {
    /// A tenth of the kitchen's limit. A restaurant whose own tablets all order from one address
    /// has fewer.
    fn default() -> Self {
        Self(Some(1000))
    }
}

impl FromStr for OpenPerAddress {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "off" => Ok(Self(None)),
            number => match number.parse() {
                Ok(number) if number > 0 => Ok(Self(Some(number))),
                _ => Err("expected a number from 1, or off"),
            },
        }
    }
}

impl Config {
    /// # Errors
    /// A variable is set to an invalid value.
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        let bind = SocketAddr::from((Ipv4Addr::LOCALHOST, 8002));
        let database_url = DatabaseUrl::File("data/orders.db".into());
        Ok(Self {
            bind: env.parse_or("ORDER_SERVICE_BIND", bind)?,
            database_url: env.parse_or("DATABASE_URL", database_url)?,
            kitchen_url: env.parse("KITCHEN_URL")?,
            delivery_url: env.parse("DELIVERY_URL")?,
            open_per_address: env.parse_or("ORDERS_OPEN_PER_ADDRESS", OpenPerAddress::default())?,
            access: access::Settings::from_env(env)?,
            opening: opening(env)?,
            retention: env.duration("RETENTION")?,
            seed_demo: env.parse_or("SEED_DEMO", true)?,
        })
    }
}

fn opening(env: &Env) -> Result<Opening, ConfigError> {
    let hours = env.parse("OPENING_HOURS")?;
    let zone = env.parse_with("OPENING_TIME_ZONE", |name| {
        name.parse()
            .map_err(|_unknown| "expected a time zone like Europe/Paris".to_owned())
    })?;
    Ok(Opening::new(hours, zone.unwrap_or(Tz::Europe__Paris)))
}

#[cfg(test)]
mod tests {
    use service_kit::env::Env;

    use super::{Config, DatabaseUrl};

    #[test]
    fn an_empty_environment_is_enough() {
        let config = Config::from_env(&Env::of_pairs([])).unwrap();
        assert_eq!(config.bind.to_string(), "127.0.0.1:8002");
        assert_eq!(
            config.database_url,
            DatabaseUrl::File("data/orders.db".into())
        );
        assert!(config.kitchen_url.is_none() && config.delivery_url.is_none());
        assert!(config.seed_demo);
    }

    #[test]
    fn an_invalid_value_is_refused_by_name() {
        for (name, value) in [
            ("ORDER_SERVICE_BIND", "8002"),
            ("DATABASE_URL", "mysql://user:s3cret@db/orders"),
            ("KITCHEN_URL", "kitchen:8003"),
            ("DELIVERY_URL", "http://user:s3cret@/"),
            ("ORDERS_OPEN_PER_ADDRESS", "0"),
            ("ORDERS_OPEN_PER_ADDRESS", "many"),
            ("OPENING_HOURS", "Mo 25:00-26:00"),
            ("OPENING_TIME_ZONE", "Lutetia"),
            ("RETENTION", "for ever"),
            ("SEED_DEMO", "yes"),
        ] {
            let error = Config::from_env(&Env::of_pairs([(name, value)])).unwrap_err();
            assert_eq!(error.name, name);
            assert!(!error.to_string().contains(value), "{error}");
        }
    }
}
