//! Builds the whole gateway with its two listeners from a configuration, and runs it until a stop.

mod closures;
pub(crate) mod harness;
mod last_good;
mod redirect;
mod reload;
mod sharing;
pub(crate) mod site;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use service_kit::health::Readiness;
use service_kit::program::RunError;
use service_kit::serve::{Application, Draining, Hangups, Service, give_back};
use service_kit::trace::{self, Exporter, Tracer};
use tokio::time::{interval, timeout};

use crate::answer::dispatch::{Asker, Following};
use crate::answer::site::Live;
use crate::answer::warm;
use crate::answer::{goodbye, handler};
use crate::application::last_good::LastGood;
use crate::application::reload::Reloading;
use crate::application::sharing::Sharing;
use crate::application::site::Built;
use crate::config::{Config, Source};
use crate::downstream::{self, Certificates, Listener, Serving};
use crate::metrics::Metrics;
use crate::operator::access::Access;
use crate::operator::config::ConfigState;
use crate::operator::openapi::documents;
use crate::operator::traces::Traces;
use crate::operator::{self, Operator, console, pages};
use crate::routing::client_address::Scheme;
use crate::upstream::probe::Probes;
use crate::upstream::replicas::lookups::Lookups;

/// How long requests that were cut may take to be dropped and logged.
const LAST_LINES: Duration = Duration::from_secs(1);

/// A gateway whose listeners are bound, ready to run.
pub struct Gateway {
    public: Application,
    admin: Application,
    /// `GATEWAY_HTTP_REDIRECT_BIND`: leads from clear text to TLS.
    redirect: Option<Application>,
    scheme: Scheme,
    metrics: Arc<Metrics>,
    last_good: Rc<LastGood>,
    sharing: Option<Sharing>,
    exporter: Option<Exporter>,
}

impl Gateway {
    /// Binds both listeners. No upstream needs to be available yet.
    ///
    /// # Errors
    /// An address cannot be bound, the certificate for clients cannot be used, or https upstreams
    /// cannot be verified.
    pub fn build(config: Config) -> Result<Self, RunError> {
        Self::assemble(config, None)
    }

    /// Like [`Self::build`], with a configuration that is read again from `source` when the operator
    /// asks, at each of `hangups`, or when its files change.
    ///
    /// # Errors
    /// As of [`Self::build`].
    pub fn reloadable(
        config: Config,
        source: Source,
        hangups: Option<Hangups>,
    ) -> Result<Self, RunError> {
        Self::assemble(config, Some((source, hangups)))
    }

    fn assemble(
        config: Config,
        again: Option<(Source, Option<Hangups>)>,
    ) -> Result<Self, RunError> {
        pages::prepare();
        let config = Arc::new(config);
        let traces = Traces::new(config.keeps_traces, config.tracing.as_ref());
        let (tracer, exporter) = begin_tracing(&config, &traces).unzip();
        let built = Built::traced(&config, tracer)?;
        let site = Arc::clone(&built.site);
        let (replacing, live) = Live::new(Arc::clone(&site));
        let last_good = Rc::new(LastGood::of(live.clone(), config.cache));
        let draining = site.draining.clone();
        let (reloads, asked) = operator::config::channel();
        let state = Arc::new(ConfigState::new(&config.origin));
        let operator = Operator {
            live: live.clone(),
            drills: built.drills.clone(),
            admin_hosts: config.admin_hosts.clone(),
            access: Arc::new(Access::new(config.admin_token.as_ref())),
            rehearsing: Arc::default(),
            feed: Arc::default(),
            config: Arc::clone(&state),
            traces: Arc::new(traces),
            reloads,
            public_draining: draining.clone(),
        };
        let (watched, followed) = (operator.clone(), operator.clone());
        let admin = Application::bind(
            Service {
                name: "gateway-admin",
                bind: config.admin_bind,
                workers: 1, // an operator, not a crowd
                readiness: Readiness::always(),
                gives_memory_back: true,
            },
            move |routes| operator.routes(routes),
        )?
        .lame_duck(config.lame_duck)
        .beside(|draining| console::run(watched, draining))
        .beside(|draining| operator::closures::run(followed, draining));
        if config.admin_token.is_none() && !admin.addr().ip().to_canonical().is_loopback() {
            log::warn!(
                "the operator's port listens on {} without GATEWAY_ADMIN_TOKEN: whoever reaches it \
                 may begin outages and read everything there",
                admin.addr()
            );
        }
        let metrics = Arc::clone(&site.metrics);
        let certificates = match &config.tls {
            Some(files) => Some(Certificates::load(files)?.measured_by(&metrics.registry)?),
            None => None,
        };
        let scheme = config.scheme();
        let listener = Listener {
            bind: config.bind,
            workers: config.workers,
            limits: config.limits,
            trusted_proxies: config.trusted_proxies.clone(),
            metrics: Arc::clone(&metrics),
            draining: draining.clone(),
        };
        let (served, serve_draining) = (live.clone(), draining.clone());
        let serve = move || {
            let draining = serve_draining.clone();
            actix_web::rt::spawn(give_back(draining.clone()));
            let worker = Following::new(served.clone(), draining, Asker::Clients);
            let live = served.clone();
            Serving {
                http1: handler::service(Rc::clone(&worker)),
                http2: handler::service(worker),
                goodbye: Rc::new(move |refusal, head: &[u8], late: &[u8]| {
                    let site = live.site();
                    goodbye::render(refusal, head, late, &site, site.hsts.as_ref())
                }),
            }
        };
        let in_clear_text = config.https_only.redirect.map(|bind| Listener {
            bind,
            workers: 1, // its answers are short
            draining: Draining::default(),
            limits: listener.limits,
            trusted_proxies: listener.trusted_proxies.clone(),
            metrics: Arc::clone(&listener.metrics),
        });
        let (server, addr) = downstream::bind(listener, certificates.as_ref(), serve)?;
        let mut public = Application::new(server, addr, draining).lame_duck(config.lame_duck);
        let redirect = in_clear_text.map(|listener| redirect::bind(listener, addr.port(), &live));
        let redirect = redirect.transpose()?;
        let redirect = redirect.map(|redirect| redirect.lame_duck(config.lame_duck));
        let (probed, warmed) = (live.clone(), live.clone());
        let sharing = Sharing::of(&live);
        let described = live;
        let keeping = Rc::clone(&last_good);
        public = public.beside(|draining| async move { keeping.run(draining).await });
        let documents = Arc::clone(&built.documents);
        public = public.beside(|draining| probe(probed, draining));
        public = public.beside(|draining| warm::run(warmed, draining));
        public = public.beside(|draining| documents::run(described, documents, draining));
        if let Some((source, hangups)) = again {
            let reloading = Reloading {
                source,
                built,
                live: replacing,
                state,
                listening: config.limits,
            };
            public = public.beside(|draining| reloading.run(asked, hangups, draining));
        }
        if let Some(certificates) = certificates {
            public = public.beside(|draining| certificates.watch(draining));
        }
        Ok(Self {
            public,
            admin,
            redirect,
            scheme,
            metrics,
            last_good,
            sharing,
            exporter,
        })
    }

    /// The address of the public listener.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.public.addr()
    }

    /// The scheme of the public listener: `https` with a certificate, else `http`.
    #[must_use]
    pub fn scheme(&self) -> &'static str {
        self.scheme.as_str()
    }

    /// The address of the operator's listener.
    #[must_use]
    pub fn admin_addr(&self) -> SocketAddr {
        self.admin.addr()
    }

    /// The address of the listener that leads from clear text to TLS, if there is one.
    #[must_use]
    pub fn redirect_addr(&self) -> Option<SocketAddr> {
        self.redirect.as_ref().map(Application::addr)
    }

    /// Serves until `shutdown` completes, then finishes the requests in flight. Requests that take
    /// too long are cut and logged.
    ///
    /// # Errors
    /// A listener failed.
    pub async fn run_until(mut self, shutdown: impl Future<Output = ()>) -> io::Result<()> {
        match self.exporter.take() {
            Some(exporter) => exporter.beside(self.serve_until(shutdown)).await,
            None => self.serve_until(shutdown).await,
        }
    }

    async fn serve_until(self, shutdown: impl Future<Output = ()>) -> io::Result<()> {
        let shutdown = shutdown.shared();
        let shared = self.sharing.as_ref().map(Sharing::begin);
        let redirect = async {
            match self.redirect {
                Some(redirect) => redirect.run_until(shutdown.clone()).await,
                None => Ok(()),
            }
        };
        let (public, admin, redirect) = tokio::join!(
            self.public.run_until(shutdown.clone()),
            self.admin.run_until(shutdown.clone()),
            redirect,
        );
        // The server does not wait for its workers' threads, which still drop the requests that were
        // cut.
        let _gave_up = timeout(LAST_LINES, none_in_flight(&self.metrics)).await;
        self.last_good.finish().await;
        if let Some(sharing) = &self.sharing {
            sharing.finish().await;
        }
        drop(shared);
        public.and(admin).and(redirect)
    }
}

/// Records the gateway's own spans, for the collector if there is one, else for the traces kept here.
fn begin_tracing(config: &Config, traces: &Traces) -> Option<(Tracer, Exporter)> {
    if let Some(settings) = &config.tracing {
        return Some(trace::start(settings));
    }
    let recording = config.recording.as_ref()?;
    Some(trace::start_within(recording, traces.receive()?))
}

/// Probes the upstreams of the site that answers now, and resolves their names, until the gateway
/// drains.
async fn probe(mut live: Live, draining: Draining) {
    let mut probes = Probes::default();
    let mut lookups = Lookups::default();
    loop {
        let site = live.site();
        lookups.follow(site.upstreams.iter().map(|one| &one.replicas));
        probes.follow(&site.upstreams, &site.limits, &site.tls);
        tokio::select! {
            () = live.wait() => {}
            () = draining.begun() => return,
        }
    }
}

async fn none_in_flight(metrics: &Metrics) {
    let mut tick = interval(Duration::from_millis(5));
    while metrics.in_flight.get() > 0 {
        tick.tick().await;
    }
}
