//! The linked services and the gateway in front of them, each a process on a free port of this machine.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::Command;

use crate::Error;
use crate::service::{NOBODY, PROGRAMS, Service};

/// The variables by which a service listens, and by which all others find it.
const LINKS: [(&str, &str); 3] = [
    ("ORDER_SERVICE_BIND", "ORDERS_URL"),
    ("KITCHEN_MOCK_BIND", "KITCHEN_URL"),
    ("DELIVERY_MOCK_BIND", "DELIVERY_URL"),
];

/// Closed when it is dropped.
pub(super) struct Restaurant {
    gateway: Service,
    _behind: [Service; 3],
}

impl Restaurant {
    /// Starts the programs, which are in the folder `programs`, with their files in `folder`.
    pub(super) async fn open(programs: &Path, folder: &Path) -> Result<Self, Error> {
        let variables = variables()?;
        let start = async |name| {
            let program = Command::new(programs.join(name));
            Service::start(program, folder, &variables).await
        };
        let [orders, kitchen, delivery, gateway] = PROGRAMS;
        let behind = [
            start(orders).await?,
            start(kitchen).await?,
            start(delivery).await?,
        ];
        Ok(Self {
            gateway: start(gateway).await?,
            _behind: behind,
        })
    }

    pub(super) fn gateway(&self) -> SocketAddr {
        self.gateway.addr()
    }
}

/// The same for all: each reads those that concern it.
fn variables() -> Result<Vec<(&'static str, String)>, Error> {
    let mut variables = vec![
        ("GATEWAY_BIND", "127.0.0.1:0".to_owned()),
        ("GATEWAY_ADMIN_BIND", "127.0.0.1:0".to_owned()),
        // All clients are one address here.
        ("GATEWAY_RATE_LIMIT", "off".to_owned()),
    ];
    let [nobody, _] = NOBODY;
    variables.push(("CLIENTS_URL", nobody.to_owned()));
    // They must know each other's ports before they listen. All are held until the last is known, so that no two
    // services are given the same.
    let mut held = Vec::new();
    for (bind, url) in LINKS {
        let free = TcpListener::bind("127.0.0.1:0")?;
        let addr = free.local_addr()?;
        variables.push((bind, addr.to_string()));
        variables.push((url, format!("http://{addr}")));
        held.push(free);
    }
    Ok(variables)
}
