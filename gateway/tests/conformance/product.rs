//! The products under test: this gateway and, in a comparison, its peers, each as a separate
//! process before one upstream.

use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use service_kit::testing::Process;
use tempfile::TempDir;

use crate::client::PATIENCE;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Product {
    Gateway,
    Nginx,
    Haproxy,
}

/// A process that is started for one case and ended with it.
pub(crate) struct Running {
    pub(crate) addr: SocketAddr,
    _process: Ended,
    _folder: TempDir,
}

enum Ended {
    Gateway { _process: Process },
    Peer(Child),
}

impl Product {
    pub(crate) const ALL: [Self; 3] = [Self::Gateway, Self::Nginx, Self::Haproxy];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Gateway => "Passe-plat",
            Self::Nginx => "nginx",
            Self::Haproxy => "HAProxy",
        }
    }

    /// The path of the program; `None` if it is not installed.
    pub(crate) fn program(self) -> Option<PathBuf> {
        let name = match self {
            Self::Gateway => return Some(env!("CARGO_BIN_EXE_gateway").into()),
            Self::Nginx => "nginx",
            Self::Haproxy => "haproxy",
        };
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut folders = std::env::split_paths(&path).chain(["/usr/sbin".into()]);
        folders
            .find(|folder| folder.join(name).is_file())
            .map(|folder| folder.join(name))
    }

    pub(crate) fn version(self) -> Option<String> {
        let mut command = Command::new(self.program()?);
        let output = command
            .arg(if self == Self::Gateway {
                "--version"
            } else {
                "-v"
            })
            .output()
            .ok()?;
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8_lossy(&text).into_owned();
        let mut words = text.split([' ', '/', '\n']);
        let version = words.find(|word| word.starts_with(|c: char| c.is_ascii_digit()));
        version.map(str::to_owned)
    }

    pub(crate) fn start(self, upstream: SocketAddr, variables: &[(&str, &str)]) -> Running {
        match self {
            Self::Gateway => start_gateway(upstream, variables),
            Self::Nginx => self.start_peer(upstream, include_str!("peers/nginx.conf")),
            Self::Haproxy => self.start_peer(upstream, include_str!("peers/haproxy.cfg")),
        }
    }

    /// Starts a peer, which can only be told its port. If another process has taken the port
    /// meanwhile, another port is tried.
    fn start_peer(self, upstream: SocketAddr, template: &str) -> Running {
        let program = self.program().unwrap();
        for _ in 0..20 {
            let folder = tempfile::tempdir().unwrap();
            let addr = free_addr();
            let file = folder.path().join("configuration");
            let text = template
                .replace("@LISTEN@", &addr.to_string())
                .replace("@UPSTREAM@", &upstream.to_string());
            fs::write(&file, text).unwrap();
            let mut child = self
                .peer_command(&program, folder.path(), &file)
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::from(log_file(folder.path()).unwrap()))
                .spawn()
                .unwrap();
            if is_listening(addr, &mut child) {
                return Running {
                    addr,
                    _process: Ended::Peer(child),
                    _folder: folder,
                };
            }
            let log = fs::read_to_string(folder.path().join("log")).unwrap_or_default();
            assert!(
                log.contains("in use") || log.contains("bind socket"),
                "{} does not start: {log}",
                self.name()
            );
        }
        panic!("no free port for {}", self.name())
    }

    fn peer_command(self, program: &Path, folder: &Path, file: &Path) -> Command {
        let mut command = Command::new(program);
        match self {
            Self::Haproxy => command.arg("-db").arg("-f").arg(file),
            _ => command
                .arg("-p")
                .arg(folder)
                .arg("-e")
                .arg("stderr")
                .arg("-c")
                .arg(file),
        };
        command
    }
}

fn start_gateway(upstream: SocketAddr, variables: &[(&str, &str)]) -> Running {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("gateway.toml");
    fs::write(&file, include_str!("peers/gateway.toml")).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_gateway"));
    command
        .env_clear()
        .arg("--config")
        .arg(&file)
        .env("GATEWAY_BIND", "127.0.0.1:0")
        .env("GATEWAY_ADMIN_BIND", "127.0.0.1:0")
        .env("GATEWAY_WORKERS", "1")
        .env("GATEWAY_RATE_LIMIT", "off")
        .env("RUST_LOG", "info,access=off")
        .env("BACKEND_URL", format!("http://{upstream}"))
        .envs(variables.iter().copied());
    let process = Process::start(&mut command);
    Running {
        addr: process.addr(),
        _process: Ended::Gateway { _process: process },
        _folder: folder,
    }
}

fn log_file(folder: &Path) -> io::Result<fs::File> {
    fs::File::create(folder.join("log"))
}

/// A port that no other case of this run gets, below those that the system assigns: HAProxy would
/// share one.
fn free_addr() -> SocketAddr {
    static NEXT: AtomicU16 = AtomicU16::new(20_000);
    loop {
        let port = NEXT.fetch_add(1, Ordering::Relaxed);
        let addr = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        if TcpListener::bind(addr).is_ok() {
            return addr;
        }
    }
}

/// Waits until it accepts connections. It has ended instead if its port was taken.
fn is_listening(addr: SocketAddr, child: &mut Child) -> bool {
    let begun = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if TcpStream::connect(addr).is_ok() {
            return true;
        }
        assert!(begun.elapsed() < PATIENCE, "it does not listen on {addr}");
        thread::sleep(Duration::from_millis(5));
    }
    false
}

impl Drop for Ended {
    fn drop(&mut self) {
        if let Self::Peer(child) = self {
            // A process that has ended by itself is fine, too.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
