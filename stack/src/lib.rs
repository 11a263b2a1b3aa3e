//! The whole restaurant in one process: the gateway and the services, each on a port of its own.
//!
//! They are connected only by HTTP, as on separate machines. `cargo run` starts the stack for
//! people. Tests start it on free ports, and stop and start single services.

pub mod exercises;
mod folder;
mod member;
mod ports;
mod progress;
mod settings;

use std::collections::BTreeMap;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use service_kit::env::{ConfigError, Env};
use service_kit::program::RunError;

use folder::Folder;
use member::Running;
use ports::Reserved;
use settings::Addrs;

pub use client_service::DEMO_ACCOUNTS;
pub use member::Service;
pub use progress::Progress;

/// The settings of a stack.
pub struct Options {
    /// The folder of the databases and the token secret.
    pub data: PathBuf,
    /// Whether to start with empty databases.
    pub is_fresh: bool,
    pub ports: Ports,
    /// The services to start in addition to the gateway.
    pub services: Vec<Service>,
    /// The environment of the services.
    pub env: Env,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ports {
    /// The usual ones: 8000 to 8005 and 9000, unless the environment says otherwise.
    Usual,
    /// The gateway on this one, the services on the next five, the operator a thousand higher; on
    /// loopback.
    From(u16),
    /// Any free ones, on loopback.
    Free,
}

impl Options {
    /// Every service on free ports, with the existing data in the folder `data`.
    #[must_use]
    pub fn on_free_ports(data: &Path, env: Env) -> Self {
        Self {
            data: data.to_owned(),
            is_fresh: false,
            ports: Ports::Free,
            services: Service::ALL.to_vec(),
            env,
        }
    }
}

/// A running restaurant. It stops when it is dropped; [`Stack::stop`] first finishes the requests
/// in flight.
pub struct Stack {
    options: Options,
    addrs: Addrs,
    services: BTreeMap<Service, Running>,
    gateway: Running,
    admin: SocketAddr,
    scheme: &'static str,
    /// A service that was stopped can be started again at its port.
    _reserved: Reserved,
    /// Locked while it runs.
    _folder: Folder,
}

impl Stack {
    /// Starts the services, then the gateway in front of them.
    ///
    /// # Errors
    /// A variable is invalid, a port is taken, a database cannot be opened, or another stack uses
    /// the data folder.
    pub async fn start(options: Options) -> Result<Self, RunError> {
        Self::start_with_progress(options, |_| Ok(())).await
    }

    /// Starts a stack, and tells when a server is ready, and what takes long before.
    ///
    /// # Errors
    /// As for [`Stack::start`], or an error of `tell`.
    pub async fn start_with_progress(
        mut options: Options,
        mut tell: impl FnMut(Progress<'_>) -> io::Result<()>,
    ) -> Result<Self, RunError> {
        options.env = settings::with_peer_secret(&options.env);
        let (addrs, mut reserved) = settings::addrs(&options)?;
        let operator = settings::operator(&options, &mut reserved)?;
        let (config, source) = settings::gateway(&options, &addrs, Some(operator))?;
        ports::check(
            addrs
                .values()
                .copied()
                .chain([config.bind, config.admin_bind]),
        )?;
        let folder = Folder::take(&options.data)?;
        if options.is_fresh {
            folder.empty(&options.services)?;
        }
        let mut services = BTreeMap::new();
        for (service, addr) in &addrs {
            let member = settings::service(*service, &options, &addrs)?;
            let tracing = settings::tracing(*service, &options, operator)?;
            let started = Running::start(member, tracing.as_ref());
            let database = options.data.join(service.database());
            let running = progress::watched(started, || {
                tell(Progress::Waiting(service.upstream(), &database))
            });
            services.insert(*service, running.await?);
            tell(Progress::Ready(service.upstream(), *addr))?;
        }
        let gateway = gateway::Gateway::reloadable(config, source, None)?;
        tell(Progress::Ready("gateway", gateway.addr()))?;
        let (admin, scheme) = (gateway.admin_addr(), gateway.scheme());
        let gateway = Running::of(gateway.addr(), |stop| gateway.run_until(stop));
        Ok(Self {
            options,
            addrs,
            services,
            gateway,
            admin,
            scheme,
            _reserved: reserved,
            _folder: folder,
        })
    }

    /// The gateway's public address.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.gateway.addr()
    }

    /// The address of a service, which only the gateway and the other services need.
    #[must_use]
    pub fn service_addr(&self, service: Service) -> Option<SocketAddr> {
        self.addrs.get(&service).copied()
    }

    /// The scheme of the public address: `https` with a certificate, else `http`.
    #[must_use]
    pub fn scheme(&self) -> &'static str {
        self.scheme
    }

    /// The operator's address.
    #[must_use]
    pub fn admin_addr(&self) -> SocketAddr {
        self.admin
    }

    /// Whether the gateway serves the rooms of the restaurant.
    #[must_use]
    pub fn has_demo_pages(&self) -> bool {
        self.options.env.get("GATEWAY_DEMO").as_deref() != Some("off")
    }

    /// Whether the demo accounts can log in.
    #[must_use]
    pub fn has_demo_accounts(&self) -> bool {
        self.options.env.parse_or("SEED_DEMO", true).unwrap_or(true)
    }

    #[must_use]
    pub fn is_running(&self, service: Service) -> bool {
        self.services.get(&service).is_some_and(Running::is_running)
    }

    /// Stops one service; the others go on. Its port is closed when this returns.
    pub async fn stop_service(&mut self, service: Service) {
        if let Some(running) = self.services.get_mut(&service) {
            running.stop().await;
        }
    }

    /// Starts a stopped service again, at the same address.
    ///
    /// # Errors
    /// As for [`Stack::start`].
    pub async fn start_service(&mut self, service: Service) -> Result<(), RunError> {
        let member = settings::service(service, &self.options, &self.addrs)?;
        let tracing = settings::tracing(service, &self.options, self.admin)?;
        let running = Running::start(member, tracing.as_ref()).await?;
        self.services.insert(service, running);
        Ok(())
    }

    /// Serves until `shutdown` completes, then stops everything, the gateway first.
    pub async fn run_until(self, shutdown: impl Future<Output = ()>) {
        shutdown.await;
        self.stop().await;
    }

    pub async fn stop(mut self) {
        self.gateway.stop().await;
        for running in self.services.values_mut() {
            running.stop().await;
        }
    }
}

/// Checks the settings of a stack without starting anything.
///
/// # Errors
/// A variable is invalid.
pub fn check(options: &Options) -> Result<(), ConfigError> {
    settings::check(options)
}
