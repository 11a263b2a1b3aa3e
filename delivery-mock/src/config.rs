//! What delivery is told by its environment.

use std::net::{Ipv4Addr, SocketAddr};

use service_kit::env::{ConfigError, Env};

#[derive(Clone, Debug)]
pub struct Config {
    /// `DELIVERY_MOCK_BIND`: where it listens; `127.0.0.1:8004` by default.
    pub bind: SocketAddr,
    /// `SEED_DEMO`: whether it starts with sample couriers and deliveries; `true` by default.
    pub seed_demo: bool,
}

impl Config {
    /// # Errors
    /// A variable that is there and cannot be used.
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        let default = SocketAddr::from((Ipv4Addr::LOCALHOST, 8004));
        Ok(Self {
            bind: env.parse_or("DELIVERY_MOCK_BIND", default)?,
            seed_demo: env.parse_or("SEED_DEMO", true)?,
        })
    }
}
