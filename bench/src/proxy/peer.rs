//! Who stands before the upstream: the gateway, and others that could, each with its usual settings for that.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use crate::gateway::{self, Cores};
use crate::service::Service;
use crate::{Error, nginx};

pub(super) struct Peer {
    kind: Kind,
    program: PathBuf,
    /// As it names itself.
    version: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Gateway,
    Nginx,
    /// Of HTTP.
    Haproxy,
    /// Of bytes, which it does not look at: what any proxy on this machine costs at least.
    Relay,
    Caddy,
}

impl Peer {
    /// The gateway, which is in the folder `programs`, and those of the others that are installed.
    pub(super) fn found(programs: &Path) -> Result<Vec<Self>, Error> {
        let mut found = vec![Self {
            kind: Kind::Gateway,
            program: programs.to_owned(),
            version: gateway::version(programs)?,
        }];
        if let Some(program) = nginx::find() {
            found.push(Self {
                kind: Kind::Nginx,
                version: nginx::version(&program)?,
                program,
            });
        }
        if let Some(program) = installed("haproxy") {
            let version = first_words(&program, &["-v"], 3)?;
            for (kind, version) in [
                (Kind::Haproxy, version.clone()),
                (Kind::Relay, format!("{version}, TCP")),
            ] {
                let program = program.clone();
                found.push(Self {
                    kind,
                    program,
                    version,
                });
            }
        }
        if let Some(program) = installed("caddy") {
            found.push(Self {
                kind: Kind::Caddy,
                version: format!("Caddy {}", first_words(&program, &["version"], 1)?),
                program,
            });
        }
        Ok(found)
    }

    pub(super) fn name(&self) -> &str {
        &self.version
    }

    /// What all the others are held against.
    pub(super) fn is_gateway(&self) -> bool {
        self.kind == Kind::Gateway
    }

    /// Whether it can answer from its memory, as it is set up here.
    pub(super) fn can_cache(&self) -> bool {
        matches!(self.kind, Kind::Gateway | Kind::Nginx)
    }

    /// Whether its workers are threads of one process, whose time can be told.
    pub(super) fn has_threads(&self) -> bool {
        self.kind != Kind::Nginx
    }

    /// With so many workers, all on the first core.
    pub(super) async fn start(
        &self,
        upstream: SocketAddr,
        folder: &Path,
        workers: usize,
    ) -> Result<Service, Error> {
        let cores = Cores::First;
        let (file, config) = match self.kind {
            Kind::Gateway => {
                return gateway::start_on(&self.program, folder, upstream, &[], cores, workers)
                    .await;
            }
            Kind::Nginx => {
                return nginx::start_pinned(&self.program, folder, upstream, workers).await;
            }
            Kind::Haproxy => ("haproxy.cfg", haproxy as fn(_, _, _) -> String),
            Kind::Relay => ("haproxy.cfg", relay as _),
            Kind::Caddy => ("Caddyfile", caddy as _),
        };
        // Let go before it is taken: none of them says which one it took.
        let addr = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        let file = folder.join(file);
        fs::write(&file, config(addr, upstream, workers))?;
        let mut command = cores.command(&self.program);
        match self.kind {
            Kind::Caddy => command
                .args(["run", "--adapter", "caddyfile", "--config"])
                .arg(file)
                .env("GOMAXPROCS", workers.to_string()),
            _ => command.args(["-db", "-f"]).arg(file),
        };
        Service::start_on(addr, command, &folder.join("peer.log")).await
    }
}

fn haproxy(addr: SocketAddr, upstream: SocketAddr, workers: usize) -> String {
    format!(
        "global\n  nbthread {workers}\n  maxconn 4000\n\
         defaults\n  mode http\n  timeout connect 5s\n  timeout client 60s\n  timeout server 60s\n  \
         http-reuse always\n\
         listen all\n  bind {addr}\n  server behind {upstream}\n"
    )
}

fn relay(addr: SocketAddr, upstream: SocketAddr, workers: usize) -> String {
    haproxy(addr, upstream, workers)
        .replace("mode http", "mode tcp")
        .replace("  http-reuse always\n", "")
}

fn caddy(addr: SocketAddr, upstream: SocketAddr, _workers: usize) -> String {
    format!(
        "{{\n  admin off\n  auto_https off\n  persist_config off\n}}\n\
         http://{addr} {{\n  reverse_proxy {upstream}\n}}\n"
    )
}

fn installed(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let mut folders = env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    folders.find_map(|folder| Some(folder.join(name)).filter(|program| program.is_file()))
}

fn first_words(program: &Path, arguments: &[&str], count: usize) -> Result<String, Error> {
    let told = Command::new(program).args(arguments).output()?;
    let told = String::from_utf8(told.stdout)?;
    let words: Vec<_> = told.split_whitespace().take(count).collect();
    Ok(words.join(" "))
}

/// Holds this process to one core.
pub(super) fn stay_on(core: &str) -> Result<(), Error> {
    let id = std::process::id().to_string();
    let told = Command::new("taskset").args(["-acp", core, &id]).output()?;
    if told.status.success() {
        Ok(())
    } else {
        Err(String::from_utf8_lossy(&told.stderr).into_owned().into())
    }
}
