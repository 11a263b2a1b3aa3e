//! What delivery is told by its environment.

use std::net::{Ipv4Addr, SocketAddr};

use service_kit::database::DatabaseUrl;
use service_kit::env::{ConfigError, Env};
use service_kit::peer::PeerUrl;

#[derive(Clone, Debug)]
pub struct Config {
    /// `DELIVERY_MOCK_BIND`: where it listens; `127.0.0.1:8004` by default.
    pub bind: SocketAddr,
    /// `ORDERS_URL`: the order service that it takes orders from and reports to; none by default.
    pub orders_url: Option<PeerUrl>,
    /// `DATABASE_URL`: the file that keeps what the order service has yet to hear, `sqlite://PATH`, made where it is
    /// missing and only where there is an order service; `sqlite://data/delivery.db` by default.
    pub database_url: DatabaseUrl,
    /// `SEED_DEMO`: whether it starts with sample couriers and deliveries; `true` by default.
    pub seed_demo: bool,
}

impl Config {
    /// # Errors
    /// A variable that is there and cannot be used.
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        let default = SocketAddr::from((Ipv4Addr::LOCALHOST, 8004));
        let database_url = DatabaseUrl::File("data/delivery.db".into());
        Ok(Self {
            bind: env.parse_or("DELIVERY_MOCK_BIND", default)?,
            orders_url: env.parse("ORDERS_URL")?,
            database_url: env
                .parse_with("DATABASE_URL", DatabaseUrl::file)?
                .unwrap_or(database_url),
            seed_demo: env.parse_or("SEED_DEMO", true)?,
        })
    }
}
