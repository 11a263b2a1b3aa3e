//! The whole restaurant in one process: each service and the gateway on a port of its own, joined by nothing but
//! HTTP, as they would be on machines of their own, and linked so that they stay in step.
//!
//! `cargo run` starts it for people; tests start it on free ports and stop and start single services.

mod folder;
mod member;
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
use settings::Addrs;

pub use client_service::DEMO_ACCOUNTS;
pub use member::Service;

/// Where the restaurant keeps its data and listens.
pub struct Options {
    /// Databases and the token secret are kept here.
    pub data: PathBuf,
    /// Whether its databases are emptied first.
    pub is_fresh: bool,
    pub ports: Ports,
    /// The services that are started, beside the gateway.
    pub services: Vec<Service>,
    /// What the services are told beside that.
    pub env: Env,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ports {
    /// The usual ones: 8000 to 8004 and 9000, unless the environment says otherwise.
    Usual,
    /// The gateway on this one, the services on the next four, the operator a thousand further; on loopback.
    From(u16),
    /// Whatever is free, on loopback.
    Free,
}

impl Options {
    /// Every service, on ports that are free, with what is in the folder `data` kept.
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

/// A running restaurant. It stops when it is dropped; [`Stack::stop`] lets what is in flight finish.
pub struct Stack {
    options: Options,
    addrs: Addrs,
    services: BTreeMap<Service, Running>,
    gateway: Running,
    admin: SocketAddr,
    scheme: &'static str,
    /// Held for as long as it runs.
    _folder: Folder,
}

impl Stack {
    /// Starts the services, then the gateway in front of them.
    ///
    /// # Errors
    /// A variable that cannot be used, a port that is taken, a database that cannot be opened, or that another stack keeps
    /// its data in the same folder.
    pub async fn start(options: Options) -> Result<Self, RunError> {
        Self::start_and_tell(options, |_, _| Ok(())).await
    }

    /// The same, and tells of each that is ready: its name, and where it listens.
    ///
    /// # Errors
    /// As for [`Stack::start`], or that nobody can be told.
    pub async fn start_and_tell(
        options: Options,
        mut tell: impl FnMut(&str, SocketAddr) -> io::Result<()>,
    ) -> Result<Self, RunError> {
        let addrs = settings::addrs(&options)?;
        let folder = Folder::take(&options.data)?;
        if options.is_fresh {
            folder.empty(&options.services)?;
        }
        let mut services = BTreeMap::new();
        for (service, addr) in &addrs {
            let running = Running::start(settings::service(*service, &options, &addrs)?).await?;
            services.insert(*service, running);
            tell(service.upstream(), *addr)?;
        }
        let gateway = gateway::Gateway::build(settings::gateway(&options, &addrs)?)?;
        tell("gateway", gateway.addr())?;
        let (admin, scheme) = (gateway.admin_addr(), gateway.scheme());
        let gateway = Running::of(gateway.addr(), |stop| gateway.run_until(stop));
        Ok(Self {
            options,
            addrs,
            services,
            gateway,
            admin,
            scheme,
            _folder: folder,
        })
    }

    /// The gateway's door.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.gateway.addr()
    }

    /// What the gateway's door is reached over: `https` with a certificate.
    #[must_use]
    pub fn scheme(&self) -> &'static str {
        self.scheme
    }

    /// The operator's door.
    #[must_use]
    pub fn admin_addr(&self) -> SocketAddr {
        self.admin
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

    /// Starts a stopped service again, at the address it had.
    ///
    /// # Errors
    /// As for [`Stack::start`].
    pub async fn start_service(&mut self, service: Service) -> Result<(), RunError> {
        let member = settings::service(service, &self.options, &self.addrs)?;
        let running = Running::start(member).await?;
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

/// The settings of a stack, checked before anything is started.
///
/// # Errors
/// A variable that cannot be used.
pub fn check(options: &Options) -> Result<(), ConfigError> {
    for service in &options.services {
        settings::service(*service, options, &Addrs::new())?;
    }
    settings::gateway(options, &Addrs::new()).map(drop)
}
