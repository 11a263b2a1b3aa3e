//! The whole restaurant: the services and the gateway, each a process on a free port of this
//! machine.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Error;
use crate::service::{PROGRAMS, Service, Variables};

/// For each service, the variable for its own address and the variable by which the others find it.
const LINKS: [(&str, &str); 4] = [
    ("CLIENT_SERVICE_BIND", "CLIENTS_URL"),
    ("ORDER_SERVICE_BIND", "ORDERS_URL"),
    ("KITCHEN_MOCK_BIND", "KITCHEN_URL"),
    ("DELIVERY_MOCK_BIND", "DELIVERY_URL"),
];

/// Kills its processes when it is dropped.
pub(crate) struct Restaurant {
    programs: PathBuf,
    folder: PathBuf,
    variables: Vec<(&'static str, String)>,
    /// In the order of [`PROGRAMS`]; `None` while a program is not running.
    services: Vec<Option<Service>>,
}

impl Restaurant {
    /// Starts the programs from the folder `programs`. The files of each are in a folder of its
    /// name in `folder`. `more` are variables for all of them.
    pub(crate) async fn open(
        programs: &Path,
        folder: &Path,
        more: &Variables,
    ) -> Result<Self, Error> {
        let mut variables = variables()?;
        variables.extend_from_slice(more);
        let mut restaurant = Self {
            programs: programs.to_owned(),
            folder: folder.to_owned(),
            variables,
            services: PROGRAMS.iter().map(|_| None).collect(),
        };
        for program in PROGRAMS {
            restaurant.start(program).await?;
        }
        Ok(restaurant)
    }

    /// Starts a program that is not running, with the same folder and variables as before.
    pub(crate) async fn start(&mut self, program: &str) -> Result<(), Error> {
        let folder = self.folder(program);
        fs::create_dir_all(&folder)?;
        let command = Command::new(self.programs.join(program));
        let service = Service::start(command, &folder, &self.variables).await?;
        *self.place(program)? = Some(service);
        Ok(())
    }

    /// The folder of a program's files.
    pub(crate) fn folder(&self, program: &str) -> PathBuf {
        self.folder.join(program)
    }

    /// Kills a program (`kill -9`).
    pub(crate) fn kill(&mut self, program: &str) -> Result<(), Error> {
        *self.place(program)? = None;
        Ok(())
    }

    fn place(&mut self, program: &str) -> Result<&mut Option<Service>, Error> {
        let mut places = PROGRAMS.iter().zip(&mut self.services);
        let place = places.find_map(|(name, place)| (*name == program).then_some(place));
        Ok(place.ok_or("no such program")?)
    }

    /// The running programs and their names.
    pub(crate) fn running(&self) -> impl Iterator<Item = (&'static str, &Service)> {
        let all = PROGRAMS.iter().zip(&self.services);
        all.filter_map(|(name, service)| Some((*name, service.as_ref()?)))
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
