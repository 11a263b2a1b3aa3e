//! Starts and stops one server of the stack.

use std::future::Future;
use std::io;
use std::net::SocketAddr;

use actix_web::rt;
use service_kit::program::RunError;
use service_kit::serve::Application;
use service_kit::trace;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// A service behind the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Service {
    Clients,
    Orders,
    Kitchen,
    Delivery,
    Counter,
}

impl Service {
    pub const ALL: [Self; 5] = [
        Self::Clients,
        Self::Orders,
        Self::Kitchen,
        Self::Delivery,
        Self::Counter,
    ];

    /// The service with this name in `gateway.toml`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|service| service.upstream() == name)
    }

    /// The file of its database.
    pub(crate) fn database(self) -> &'static str {
        match self {
            Self::Clients => "clients.db",
            Self::Orders => "orders.db",
            Self::Kitchen => "kitchen.db",
            Self::Delivery => "delivery.db",
            Self::Counter => "counter.db",
        }
    }

    /// The name of its program.
    pub(crate) fn program(self) -> &'static str {
        match self {
            Self::Clients => "client-service",
            Self::Orders => "order-service",
            Self::Kitchen => "kitchen-mock",
            Self::Delivery => "delivery-mock",
            Self::Counter => "counter-service",
        }
    }

    /// The name of the upstream in `gateway.toml`.
    #[must_use]
    pub fn upstream(self) -> &'static str {
        match self {
            Self::Clients => "clients",
            Self::Orders => "orders",
            Self::Kitchen => "kitchen",
            Self::Delivery => "delivery",
            Self::Counter => "counter",
        }
    }
}

/// A service with its settings, ready to be built.
pub(crate) enum Member {
    Clients(client_service::Config),
    Orders(order_service::Config),
    Kitchen(kitchen_mock::Config),
    Delivery(delivery_mock::Config),
    Counter(counter_service::Config),
}

impl Member {
    /// The address that it is configured to listen on.
    pub(crate) fn bind(&self) -> SocketAddr {
        match self {
            Self::Clients(config) => config.bind,
            Self::Orders(config) => config.bind,
            Self::Kitchen(config) => config.bind,
            Self::Delivery(config) => config.bind,
            Self::Counter(config) => config.bind,
        }
    }

    async fn build(self) -> Result<Application, RunError> {
        match self {
            Self::Clients(config) => client_service::build(config).await,
            Self::Orders(config) => order_service::build(config).await,
            Self::Kitchen(config) => kitchen_mock::build(config).await,
            Self::Delivery(config) => delivery_mock::build(config).await,
            Self::Counter(config) => counter_service::build(config).await,
        }
    }
}

/// A server that runs as a task until it is told to stop.
pub(crate) struct Running {
    addr: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    task: Option<JoinHandle<io::Result<()>>>,
}

impl Running {
    /// Starts a service that sends its spans to the collector, if there is one.
    pub(crate) async fn start(
        member: Member,
        tracing: Option<&trace::Settings>,
    ) -> Result<Self, RunError> {
        let application = member.build().await?.traced(tracing);
        Ok(Self::of(application.addr(), |stop| {
            application.run_until(stop)
        }))
    }

    pub(crate) fn of<R>(addr: SocketAddr, run: impl FnOnce(Stopped) -> R) -> Self
    where
        R: Future<Output = io::Result<()>> + 'static,
    {
        let (stop, stopped) = oneshot::channel();
        Self {
            addr,
            stop: Some(stop),
            task: Some(rt::spawn(run(Stopped(stopped)))),
        }
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }

    pub(crate) fn is_running(&self) -> bool {
        self.task.is_some()
    }

    /// Returns when the port is closed and the requests in flight have finished.
    pub(crate) async fn stop(&mut self) {
        // Dropping the sender stops it.
        drop(self.stop.take());
        let Some(task) = self.task.take() else {
            return;
        };
        match task.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => log::error!("a server of the stack failed: {error}"),
            Err(error) => log::error!("a server of the stack panicked: {error}"),
        }
    }
}

/// Completes when the sender is used or dropped.
pub(crate) struct Stopped(oneshot::Receiver<()>);

impl Future for Stopped {
    type Output = ();

    fn poll(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<()> {
        std::pin::Pin::new(&mut self.0).poll(context).map(drop)
    }
}
