//! The configuration and the start of a simulated service.

use std::net::{Ipv4Addr, SocketAddr};

use actix_web::web;
use service_kit::access::{self, Guard, Rule};
use service_kit::database::DatabaseUrl;
use service_kit::env::{ConfigError, Env};
use service_kit::health::Readiness;
use service_kit::peer::PeerUrl;
use service_kit::program::RunError;
use service_kit::serve::{Application, Service, give_back};
use shared_types::order::OrderStage;

use crate::{LocalOrders, OrderFeed};

/// What distinguishes one simulated service from the other.
pub struct Mock {
    pub name: &'static str,
    /// The variable with the address to listen on.
    pub bind_variable: &'static str,
    /// The port on loopback that it listens on by default.
    pub port: u16,
    /// The default file of the reports that the order service has not taken yet.
    pub file: &'static str,
    /// Who may use its routes while access is strict.
    pub rules: &'static [Rule],
    /// The orders that it asks for when it starts, and when it has room again.
    pub stage: OrderStage,
}

#[derive(Clone, Debug)]
pub struct Config {
    /// `KITCHEN_MOCK_BIND`, `DELIVERY_MOCK_BIND`: the address to listen on; `127.0.0.1:8003` and
    /// `127.0.0.1:8004` by default.
    pub bind: SocketAddr,
    /// `ORDERS_URL`: the order service that orders come from and marks go to; none by default.
    pub orders_url: Option<PeerUrl>,
    /// `DATABASE_URL`: the file of the reports that the order service has not taken yet,
    /// `sqlite://PATH`; `sqlite://data/kitchen.db` and `sqlite://data/delivery.db` by default. It
    /// is created when it is missing and there is an order service.
    pub database_url: DatabaseUrl,
    pub access: access::Settings,
    /// `SEED_DEMO`: whether to start with samples; `true` by default.
    pub seed_demo: bool,
}

impl Mock {
    /// # Errors
    /// A variable is set to an invalid value.
    pub fn config(&self, env: &Env) -> Result<Config, ConfigError> {
        let default = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        Ok(Config {
            bind: env.parse_or(self.bind_variable, default)?,
            orders_url: env.parse("ORDERS_URL")?,
            database_url: env
                .parse_with("DATABASE_URL", DatabaseUrl::file)?
                .unwrap_or(DatabaseUrl::File(self.file.into())),
            access: access::Settings::from_env(env)?,
            seed_demo: env.parse_or("SEED_DEMO", true)?,
        })
    }

    /// Builds the service from its state, which `state` makes of `seed_demo` and the feed, and its
    /// `routes`.
    ///
    /// # Errors
    /// The address cannot be bound, or the file of reports cannot be opened.
    pub async fn build<S: LocalOrders + Send + Sync + 'static>(
        &self,
        config: Config,
        state: impl FnOnce(bool, Option<OrderFeed>) -> S,
        routes: fn(&mut web::ServiceConfig),
    ) -> Result<Application, RunError> {
        let feed = match config.orders_url {
            Some(peer) => {
                let peer = peer.known_by(config.access.peer_secret.as_ref());
                Some(OrderFeed::open(peer, &config.database_url).await?)
            }
            None => None,
        };
        let state = web::Data::new(state(config.seed_demo, feed.clone()));
        let service = Service {
            name: self.name,
            bind: config.bind,
            workers: 1, // every request is short and in memory, and all of them share one lock
            readiness: feed
                .as_ref()
                .map_or_else(Readiness::always, OrderFeed::readiness),
            gives_memory_back: true,
        };
        let guard = Guard::new(&config.access, self.rules);
        let (shared, exposed, protection) = (state.clone(), feed.clone(), guard.clone());
        let application = Application::bind(service, move |config| {
            config.app_data(shared.clone());
            if let Some(feed) = &exposed {
                feed.expose(config);
            }
            protection.protect(config, routes);
        })?;
        let application = application.beside(|draining| guard.watch(draining));
        let Some(feed) = feed else {
            return Ok(application);
        };
        let stage = self.stage;
        Ok(application
            .beside(move |draining| feed.run(stage, state.into_inner(), draining))
            .beside(give_back))
    }
}
