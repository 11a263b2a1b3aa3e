//! The gateway as a whole: two listeners, built from one configuration, run until a stop is asked for.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpServer, web};
use futures_util::FutureExt as _;
use service_kit::health::Readiness;
use service_kit::program::RunError;
use service_kit::serve::{
    Application, DRAIN, Draining, HEAD_TIMEOUT, Service, cannot_listen, first_addr,
};

use crate::config::Config;
use crate::entrance::{Worker, enter};
use crate::proxy::{Pools, tls_config};

/// How long an idle connection of a client is kept.
const KEEP_ALIVE: std::time::Duration = std::time::Duration::from_secs(60);

/// A bound gateway that has yet to be run.
pub struct Gateway {
    public: Application,
    admin: Application,
}

impl Gateway {
    /// Binds both listeners. No upstream needs to be there.
    ///
    /// # Errors
    /// An address cannot be bound, or https upstreams cannot be verified.
    pub fn build(config: Config) -> Result<Self, RunError> {
        let tls = tls_config(&config.upstreams)?;
        let admin = Application::bind(
            Service {
                name: "gateway-admin",
                bind: config.admin_bind,
                workers: 1, // an operator, not a crowd
                readiness: Readiness::always(),
            },
            |_routes| {},
        )?;
        let draining = Draining::default();
        let (bind, workers) = (config.bind, config.workers);
        let config = Arc::new(config);
        let state = draining.clone();
        let server = HttpServer::new(move || {
            let worker = Worker {
                config: Arc::clone(&config),
                pools: Pools::new(&config.upstreams, &tls),
                draining: state.clone(),
            };
            App::new()
                .app_data(web::Data::new(worker))
                .default_service(web::to(enter))
        })
        .workers(workers)
        .disable_signals()
        .shutdown_timeout(DRAIN.as_secs())
        .client_request_timeout(HEAD_TIMEOUT)
        .keep_alive(KEEP_ALIVE)
        // A client that closes its side has gone, as most proxies take it: its upstream can stop working for it.
        .h1_allow_half_closed(false)
        .bind(bind)
        .map_err(|error| cannot_listen(bind, &error))?;
        let addr = first_addr(&server.addrs())?;
        let public = Application::new(server.run(), addr, draining);
        Ok(Self { public, admin })
    }

    /// Where the public listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.public.addr()
    }

    /// Where the operator listens.
    #[must_use]
    pub fn admin_addr(&self) -> SocketAddr {
        self.admin.addr()
    }

    #[must_use]
    pub fn handles(&self) -> [ServerHandle; 2] {
        [self.public.handle(), self.admin.handle()]
    }

    /// Serves until `shutdown` completes, then finishes what is in flight.
    ///
    /// # Errors
    /// A listener could not go on.
    pub async fn run_until(self, shutdown: impl Future<Output = ()>) -> io::Result<()> {
        let shutdown = shutdown.shared();
        let (public, admin) = tokio::join!(
            self.public.run_until(shutdown.clone()),
            self.admin.run_until(shutdown),
        );
        public.and(admin)
    }
}
