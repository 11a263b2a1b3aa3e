//! The gateway and the proxies that it is compared with, each with its usual settings for this
//! task.

mod config;

pub(crate) use config::path;

use std::fmt::{self, Display};
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Error;
use crate::machine::{free_addr, installed, told};
use crate::programs::service::Service;
use crate::programs::{Place, gateway, nginx};

pub(crate) struct Peer {
    kind: Kind,
    program: PathBuf,
    /// The program's name and version.
    version: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Gateway,
    Nginx,
    /// HAProxy as a proxy for HTTP.
    Haproxy,
    /// HAProxy in TCP mode, which does not look at the bytes: the least that any proxy on this
    /// machine costs.
    Relay,
    Caddy,
    /// A gateway in Python that opens a client for each call.
    FastApi,
}

impl Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

/// How a peer is set up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setup {
    pub(crate) workers: usize,
    /// Whether each request writes a line to a log file.
    pub(crate) is_logged: bool,
    /// How many routes there are beside the gateway's own.
    pub(crate) routes: usize,
}

pub(crate) const USUAL: Setup = Setup {
    workers: 1,
    is_logged: false,
    routes: 0,
};

/// The peers that are installed, and the names of the others.
pub(crate) struct Found {
    pub(crate) peers: Vec<Peer>,
    pub(crate) missing: Vec<&'static str>,
}

impl Peer {
    /// Finds the gateway, and the other peers that are installed.
    pub(crate) fn found(place: &Place) -> Result<Found, Error> {
        let mut found = Found {
            peers: vec![Self {
                kind: Kind::Gateway,
                program: place.program("gateway"),
                version: gateway::version(place)?,
            }],
            missing: Vec::new(),
        };
        let mut add = |name, kinds: &[Kind], program: Option<PathBuf>, version: Version| {
            let Some(program) = program else {
                found.missing.push(name);
                return Ok::<_, Error>(());
            };
            for kind in kinds {
                let relays = if *kind == Kind::Relay { ", TCP" } else { "" };
                found.peers.push(Self {
                    kind: *kind,
                    version: format!("{}{relays}", version(&program)?),
                    program: program.clone(),
                });
            }
            Ok(())
        };
        add("nginx", &[Kind::Nginx], installed("nginx"), nginx::version)?;
        // `HAProxy version 2.6.12-1+deb12u3 …`
        let haproxy = |program: &Path| {
            let told = first_words(program, &["-v"], 3)?;
            let version = told.split([' ', '-']).nth(2).unwrap_or_default();
            Ok(format!("HAProxy {version}"))
        };
        let kinds = [Kind::Haproxy, Kind::Relay];
        add("HAProxy", &kinds, installed("haproxy"), haproxy)?;
        let caddy =
            |program: &Path| Ok(format!("Caddy {}", first_words(program, &["version"], 1)?));
        add("Caddy", &[Kind::Caddy], installed("caddy"), caddy)?;
        let fastapi = installed("python3").filter(|python| fastapi_version(python).is_ok());
        let kinds = [Kind::FastApi];
        let name = "FastAPI with HTTPX and Uvicorn";
        add(name, &kinds, fastapi, fastapi_version)?;
        Ok(found)
    }

    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    pub(crate) fn name(&self) -> &str {
        &self.version
    }

    /// Starts the peer on the first core, with its files in `folder`, and waits until it listens.
    pub(crate) async fn start(
        &self,
        upstream: SocketAddr,
        folder: &Path,
        setup: Setup,
    ) -> Result<Service, Error> {
        let addr = free_addr()?;
        let command = self.command(addr, upstream, folder, setup)?;
        Service::start_on(addr, command, &folder.join("peer.log")).await
    }

    /// The command that starts the peer, to listen on `addr`.
    pub(crate) fn command(
        &self,
        addr: SocketAddr,
        upstream: SocketAddr,
        folder: &Path,
        setup: Setup,
    ) -> Result<Command, Error> {
        let write = |name: &str, text: String| {
            let file = folder.join(name);
            fs::write(&file, text).map(|()| file)
        };
        // `taskset` becomes the program and keeps its process id.
        let mut command = Command::new("/usr/bin/taskset");
        command.args(["-c", "0"]).arg(&self.program);
        match self.kind {
            Kind::Gateway => {
                let file = write("gateway.toml", config::gateway_file(setup)?)?;
                command
                    .arg("--config")
                    .arg(file)
                    .env_clear()
                    .envs(config::gateway_variables(addr, upstream, setup));
            }
            Kind::Nginx => {
                config::nginx(&mut command, folder, addr, upstream, setup)?;
            }
            Kind::Haproxy | Kind::Relay => {
                let is_http = self.kind == Kind::Haproxy;
                let text = config::haproxy(addr, upstream, setup, is_http);
                command.args(["-db", "-f"]).arg(write("haproxy.cfg", text)?);
                command.stdout(fs::File::create(folder.join("access.log"))?);
            }
            Kind::Caddy => {
                let file = write("Caddyfile", config::caddy(folder, addr, upstream, setup))?;
                command
                    .args(["run", "--adapter", "caddyfile", "--config"])
                    .arg(file)
                    .env("GOMAXPROCS", setup.workers.to_string())
                    // Caddy saves its configuration; these keep it in the folder.
                    .env("XDG_CONFIG_HOME", folder)
                    .env("XDG_DATA_HOME", folder);
            }
            Kind::FastApi => {
                write("relay.py", include_str!("relay.py").to_owned())?;
                let port = addr.port().to_string();
                command
                    .args(["-m", "uvicorn", "relay:app", "--port", &port])
                    .args(["--no-access-log", "--log-level", "warning"])
                    .current_dir(folder)
                    .env("UPSTREAM", format!("http://{upstream}"));
            }
        }
        Ok(command)
    }
}

type Version = fn(&Path) -> Result<String, Error>;

fn fastapi_version(python: &Path) -> Result<String, Error> {
    let script = "import fastapi, httpx, uvicorn; print('FastAPI', fastapi.__version__)";
    first_words(python, &["-c", script], 2)
}

/// The first words of what a program says of its version.
fn first_words(program: &Path, arguments: &[&str], count: usize) -> Result<String, Error> {
    let told = told(program, arguments)?;
    let words: Vec<_> = told.split_whitespace().take(count).collect();
    Ok(words.join(" "))
}
