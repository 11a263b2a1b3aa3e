//! The gateway as a whole: two listeners, built from one configuration, run until a stop is asked for.

pub(crate) mod give_back;
pub(crate) mod state;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use futures_util::FutureExt as _;
use service_kit::health::Readiness;
use service_kit::program::RunError;
use service_kit::serve::{Application, Service};
use tokio::time::{interval, timeout};

use crate::answer::warm;
use crate::application::state::State;
use crate::config::Config;
use crate::downstream::{self, Certificates};
use crate::metrics::Metrics;
use crate::operator::Operator;
use crate::operator::console;
use crate::operator::pages;
use crate::routing::client_address::Scheme;
use crate::upstream::probe;
use crate::upstream::tls_config;

/// How long requests that were cut may take to be dropped, and with them to be logged.
const LAST_LINES: Duration = Duration::from_secs(1);

/// A bound gateway that has yet to be run.
pub struct Gateway {
    public: Application,
    admin: Application,
    scheme: Scheme,
    metrics: Arc<Metrics>,
}

impl Gateway {
    /// Binds both listeners. No upstream needs to be there.
    ///
    /// # Errors
    /// An address cannot be bound, the certificate for clients cannot be used, or https upstreams cannot be verified.
    pub fn build(config: Config) -> Result<Self, RunError> {
        let tls = tls_config(&config.upstreams)?;
        pages::prepare();
        let state = Arc::new(State::new(config)?);
        let config = &state.config;
        let draining = state.draining.clone();
        let operator = Operator::new(Arc::clone(&state), tls.clone(), draining.clone());
        let (watched, feed) = (Arc::clone(&state), Arc::clone(&operator.feed));
        let admin = Application::bind(
            Service {
                name: "gateway-admin",
                bind: config.admin_bind,
                workers: 1, // an operator, not a crowd
                readiness: Readiness::always(),
            },
            move |routes| operator.routes(routes),
        )?
        .beside(|draining| console::run(watched, feed, draining));
        let certificates = config.tls.as_ref().map(Certificates::load).transpose()?;
        let scheme = config.scheme();
        let metrics = Arc::clone(&state.metrics);
        let (server, addr) = downstream::bind(
            Arc::clone(&state),
            tls.clone(),
            certificates.as_ref(),
            draining.clone(),
        )?;
        let mut public = Application::new(server, addr, draining);
        let (probed, limits) = (state.upstreams.clone(), config.limits);
        let (warmed, warm_tls) = (Arc::clone(&state), tls.clone());
        public = public.beside(move |draining| probe::run(probed, limits, tls, draining));
        public = public.beside(|draining| warm::run(warmed, warm_tls, draining));
        public = public.beside(give_back::run);
        if let Some(certificates) = certificates {
            public = public.beside(|draining| certificates.watch(draining));
        }
        Ok(Self {
            public,
            admin,
            scheme,
            metrics,
        })
    }

    /// Where the public listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.public.addr()
    }

    /// What the public is served over: `https` with a certificate.
    #[must_use]
    pub fn scheme(&self) -> &'static str {
        self.scheme.as_str()
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

    /// Serves until `shutdown` completes, then finishes what is in flight. Requests that take too long are cut and leave
    /// their lines in the log.
    ///
    /// # Errors
    /// A listener could not go on.
    pub async fn run_until(self, shutdown: impl Future<Output = ()>) -> io::Result<()> {
        let shutdown = shutdown.shared();
        let (public, admin) = tokio::join!(
            self.public.run_until(shutdown.clone()),
            self.admin.run_until(shutdown),
        );
        // The server does not wait for its workers' threads, which are now dropping the requests that were cut.
        let _gave_up = timeout(LAST_LINES, none_in_flight(&self.metrics)).await;
        public.and(admin)
    }
}

async fn none_in_flight(metrics: &Metrics) {
    let mut tick = interval(Duration::from_millis(5));
    while metrics.in_flight.get() > 0 {
        tick.tick().await;
    }
}
