//! The whole restaurant: the services and the gateway, each a process on a free port of this
//! machine.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::Command;

use super::service::{Service, Variables};
use super::{PROGRAMS, Place};
use crate::Error;

/// For each service, the variable for its own address and the variable by which the others find it.
const LINKS: [(&str, &str); 4] = [
    ("CLIENT_SERVICE_BIND", "CLIENTS_URL"),
    ("ORDER_SERVICE_BIND", "ORDERS_URL"),
    ("KITCHEN_MOCK_BIND", "KITCHEN_URL"),
    ("DELIVERY_MOCK_BIND", "DELIVERY_URL"),
];

/// Kills its processes when it is dropped.
pub(crate) struct Restaurant<'p> {
    place: &'p Place,
    variables: Vec<(&'static str, String)>,
    /// The running programs, in the order of their start.
    running: Vec<(&'static str, Service)>,
}

impl<'p> Restaurant<'p> {
    /// Starts all programs. The files of each are in a folder of its name. `more` are variables for
    /// all of them.
    pub(crate) async fn open(place: &'p Place, more: &Variables) -> Result<Self, Error> {
        let mut variables = variables()?;
        variables.extend_from_slice(more);
        let mut restaurant = Self {
            place,
            variables,
            running: Vec::new(),
        };
        for program in PROGRAMS {
            restaurant.start(program).await?;
        }
        Ok(restaurant)
    }

    /// Starts a program that is not running, with the same folder and variables as before.
    pub(crate) async fn start(&mut self, program: &'static str) -> Result<(), Error> {
        let folder = self.folder(program);
        fs::create_dir_all(&folder)?;
        let command = Command::new(self.place.program(program));
        let service = Service::start(command, &folder, &self.variables).await?;
        self.running.push((program, service));
        let order = |name: &str| PROGRAMS.iter().position(|program| *program == name);
        self.running.sort_by_key(|(name, _)| order(name));
        Ok(())
    }

    /// The folder of a program's files.
    pub(crate) fn folder(&self, program: &str) -> PathBuf {
        self.place.folder().join(program)
    }

    /// Kills a program (`kill -9`).
    pub(crate) fn kill(&mut self, program: &str) {
        self.running.retain(|(name, _)| *name != program);
    }

    /// The running programs and their names.
    pub(crate) fn running(&self) -> impl Iterator<Item = (&'static str, &Service)> {
        self.running.iter().map(|(name, service)| (*name, service))
    }

    /// The address of the gateway.
    pub(crate) fn gateway(&self) -> Result<SocketAddr, Error> {
        let gateway = self.running().find(|(name, _)| *name == "gateway");
        Ok(gateway.ok_or("there is no gateway")?.1.addr())
    }
}

/// The variables for all programs: each reads those that concern it.
fn variables() -> Result<Vec<(&'static str, String)>, Error> {
    let mut variables = vec![
        ("GATEWAY_BIND", "127.0.0.1:0".to_owned()),
        ("GATEWAY_ADMIN_BIND", "127.0.0.1:0".to_owned()),
        // All clients share one address here.
        ("GATEWAY_RATE_LIMIT", "off".to_owned()),
        ("ORDERS_OPEN_PER_ADDRESS", "off".to_owned()),
    ];
    // The services must know each other's ports before they listen. All ports are held until the
    // last is known, so that no two services get the same one.
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
