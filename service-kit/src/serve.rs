//! Binds, serves and drains a service.

mod background;
#[cfg(feature = "access")]
mod document;
mod draining;
mod give_back;
mod listening;
mod probes;
mod resource;
mod stop;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use actix_web::dev::{Server, ServerHandle};
use actix_web::middleware::from_fn;
use actix_web::{App, HttpServer, web};
use futures_util::future::join_all;
use tokio::time::sleep;

use crate::health::Readiness;
use crate::observe::{ServiceName, observe};
use crate::trace::{self, Exporter, Tracing};

use background::{Background, Work};
#[cfg(feature = "access")]
pub use document::document;
pub use draining::{DRAIN, Draining, lame_duck};
pub use give_back::give_back;
pub use listening::{CannotListen, cannot_listen};
pub use resource::resource;
#[cfg(feature = "testing")]
pub(crate) use stop::is_hangup_ignored;
pub use stop::{Hangups, stop_or_reload_signal, stop_signal};

/// How long a client may take to send the head of a request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// How long an idle connection stays open. Longer than in the gateway (`idle_timeout` of an
/// upstream, 4 s by default), so that the gateway closes it and no request meets a closing
/// connection.
const KEEP_ALIVE: Duration = Duration::from_secs(30);

/// A bound server that is not running yet.
pub struct Application {
    server: Server,
    addr: SocketAddr,
    draining: Draining,
    /// The time between the announcement of a stop and its beginning.
    lame_duck: Duration,
    work: Vec<Work>,
    tracing: Tracing,
    exporter: Option<Exporter>,
}

/// The facts that distinguish a service.
pub struct Service {
    pub name: &'static str,
    pub bind: SocketAddr,
    /// Threads that serve requests.
    pub workers: usize,
    pub readiness: Readiness,
    /// Whether each worker makes the allocator give memory back ([`give_back`]). For mimalloc only:
    /// glibc's allocator would keep more, because it takes the large block for usual.
    pub gives_memory_back: bool,
}

impl Application {
    /// Binds now, so that a taken port prevents the start; port 0 takes a free one.
    ///
    /// # Errors
    /// The address cannot be bound.
    pub fn bind<F>(service: Service, routes: F) -> io::Result<Self>
    where
        F: Fn(&mut web::ServiceConfig) + Clone + Send + 'static,
    {
        let draining = Draining::default();
        let name = web::Data::new(ServiceName(service.name));
        let readiness = web::Data::new(service.readiness);
        let state = web::Data::new(draining.clone());
        let tracing = Tracing::default();
        let traced = web::Data::new(tracing.clone());
        let served = draining.clone();
        let server = HttpServer::new(move || {
            if service.gives_memory_back {
                actix_web::rt::spawn(give_back(served.clone()));
            }
            App::new()
                .app_data(name.clone())
                .app_data(readiness.clone())
                .app_data(state.clone())
                .app_data(traced.clone())
                .wrap(from_fn(observe))
                .configure(probes::routes)
                .configure(routes.clone())
        })
        .workers(service.workers)
        .disable_signals()
        .shutdown_timeout(DRAIN.as_secs())
        .client_request_timeout(HEAD_TIMEOUT)
        .keep_alive(KEEP_ALIVE)
        .bind(service.bind)
        .map_err(|error| cannot_listen(service.bind, &error))?;
        let addr = first_addr(&server.addrs())?;
        let mut application = Self::new(server.run(), addr, draining);
        application.tracing = tracing;
        Ok(application)
    }

    #[must_use]
    pub fn new(server: Server, addr: SocketAddr, draining: Draining) -> Self {
        Self {
            server,
            addr,
            draining,
            lame_duck: Duration::ZERO,
            work: Vec::new(),
            tracing: Tracing::default(),
            exporter: None,
        }
    }

    /// Records spans and sends them to the collector, if there is one.
    #[must_use]
    pub fn traced(mut self, settings: Option<&trace::Settings>) -> Self {
        if let Some(settings) = settings {
            let (tracer, exporter) = trace::start(settings);
            self.tracing.begin(tracer);
            self.exporter = Some(exporter);
        }
        self
    }

    /// Goes on serving for this time after a stop was requested, while `/ready` answers 503.
    #[must_use]
    pub fn lame_duck(mut self, time: Duration) -> Self {
        self.lame_duck = time;
        self
    }

    /// Runs `work` in the background, on the thread of the server. It ends by itself when the
    /// server drains.
    #[must_use]
    pub fn beside<W>(mut self, work: impl FnOnce(Draining) -> W) -> Self
    where
        W: Future<Output = ()> + 'static,
    {
        let work = work(self.draining.clone());
        self.work.push(Box::pin(self.tracing.clone().within(work)));
        self
    }

    /// The address that it listens on, with the real port when 0 was requested.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    #[must_use]
    pub fn handle(&self) -> ServerHandle {
        self.server.handle()
    }

    /// Serves until `shutdown` completes, and for the time of [`Self::lame_duck`] after it, then
    /// finishes the requests in flight, for at most [`DRAIN`].
    ///
    /// # Errors
    /// The server failed.
    pub async fn run_until(mut self, shutdown: impl Future<Output = ()>) -> io::Result<()> {
        match self.exporter.take() {
            Some(exporter) => exporter.beside(self.serve_until(shutdown)).await,
            None => self.serve_until(shutdown).await,
        }
    }

    async fn serve_until(self, shutdown: impl Future<Output = ()>) -> io::Result<()> {
        let handle = self.server.handle();
        let mut server = std::pin::pin!(self.server);
        let draining = self.draining.clone();
        let mut work = Background::new(async move {
            join_all(self.work).await;
            // Background work that has ended must not stop the server.
            draining.begun().await;
        });
        let stop = async {
            shutdown.await;
            self.draining.announce();
            if !self.lame_duck.is_zero() {
                sleep(self.lame_duck).await;
            }
        };
        tokio::select! {
            ended = &mut server => return ended,
            () = stop => {}
            () = &mut work => {}
        }
        self.draining.begin();
        let work = tokio::time::timeout(DRAIN, work);
        let (ended, (), _given_up) = tokio::join!(server, handle.stop(true), work);
        ended
    }
}

fn first_addr(addrs: &[SocketAddr]) -> io::Result<SocketAddr> {
    addrs
        .first()
        .copied()
        .ok_or_else(|| io::Error::other("no address is bound"))
}
