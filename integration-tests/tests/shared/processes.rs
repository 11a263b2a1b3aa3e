//! The restaurant as separate processes, which can be killed one by one.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use service_kit::testing::{Process, addr_after, unused_address};
use tempfile::TempDir;

/// The services of this restaurant, and the variable of each one's address.
pub(crate) const SERVICES: [(&str, &str, &str); 5] = [
    ("client-service", "CLIENT_SERVICE_BIND", "CLIENTS_URL"),
    ("order-service", "ORDER_SERVICE_BIND", "ORDERS_URL"),
    ("counter-service", "COUNTER_SERVICE_BIND", "COUNTER_URL"),
    ("kitchen-mock", "KITCHEN_MOCK_BIND", "KITCHEN_URL"),
    ("delivery-mock", "DELIVERY_MOCK_BIND", "DELIVERY_URL"),
];

pub(crate) struct Processes {
    folder: TempDir,
    binaries: PathBuf,
    addrs: BTreeMap<&'static str, SocketAddr>,
    running: BTreeMap<&'static str, Process>,
    /// The logs of the processes that were killed.
    past: Vec<String>,
    /// The `RUST_LOG` of the processes.
    filter: &'static str,
    /// Further variables of the processes.
    variables: Vec<(&'static str, String)>,
}

impl Processes {
    /// Starts the services, then the gateway in front of them. `filter` is their `RUST_LOG`.
    pub(crate) fn start(filter: &'static str) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), filter)
    }

    /// Starts them with further variables.
    pub(crate) fn start_with(variables: Vec<(&'static str, String)>) -> Self {
        Self::start_all(tempfile::tempdir().unwrap(), "info", variables)
    }

    /// Starts them with their files in this folder.
    pub(crate) fn start_in(folder: TempDir, filter: &'static str) -> Self {
        Self::start_all(folder, filter, Vec::new())
    }

    fn start_all(
        folder: TempDir,
        filter: &'static str,
        variables: Vec<(&'static str, String)>,
    ) -> Self {
        let addrs = SERVICES.iter().map(|(name, ..)| (*name, unused_address()));
        let mut processes = Self {
            folder,
            binaries: built(),
            addrs: addrs.collect(),
            running: BTreeMap::new(),
            past: Vec::new(),
            filter,
            variables,
        };
        for (name, ..) in SERVICES {
            processes.start_one(name);
        }
        processes.start_one("gateway");
        processes
    }

    /// The gateway's public address.
    pub(crate) fn gateway(&self) -> SocketAddr {
        let line = self.process("gateway").line_with(" listens on ");
        addr_after(&line, " listens on ")
    }

    /// The operator's address.
    pub(crate) fn operator(&self) -> SocketAddr {
        const MARKER: &str = ", for its operator on ";
        addr_after(&self.process("gateway").line_with(MARKER), MARKER)
    }

    /// The file of a program.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.binaries.join(name)
    }

    /// The address of a service, whether it runs or not.
    pub(crate) fn addr(&self, name: &str) -> SocketAddr {
        self.addrs[name]
    }

    /// The running process with that name.
    pub(crate) fn process(&self, name: &str) -> &Process {
        &self.running[name]
    }

    pub(crate) fn kill(&mut self, name: &str) {
        let process = self.running.get_mut(name).unwrap();
        process.kill();
        self.past.extend(process.log());
    }

    /// Stops it as `docker compose stop` does. Returns when it has ended.
    pub(crate) fn stop(&mut self, name: &str) {
        let process = self.running.get_mut(name).unwrap();
        process.terminate();
        let _ = process.wait();
        self.past.extend(process.log());
    }

    /// Returns when it listens.
    pub(crate) fn start_one(&mut self, name: &'static str) {
        let mut command = Command::new(self.binaries.join(name));
        command.env_clear().current_dir(self.folder.path());
        command.env("RUST_LOG", self.filter);
        command.env("GATEWAY_BIND", "127.0.0.1:0");
        command.env("GATEWAY_ADMIN_BIND", "127.0.0.1:0");
        // As in docker-compose.yml.
        command.env("GATEWAY_DRILLS", "on");
        // A whole evening comes from one address here.
        command.env("GATEWAY_RATE_LIMIT", "off");
        for (service, bind, url) in SERVICES {
            let addr = self.addr(service);
            command.env(bind, addr.to_string());
            command.env(url, format!("http://{addr}"));
        }
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        let process = Process::start(&mut command);
        let _ = process.line_with(" listens on ");
        self.running.insert(name, process);
    }
}

#[expect(
    clippy::print_stderr,
    reason = "whoever reads a failed test wants to know what the processes had to say"
)]
impl Drop for Processes {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let present = self.running.values().flat_map(Process::log);
            let all: Vec<_> = self.past.drain(..).chain(present).collect();
            eprintln!("{}", all.join("\n"));
        }
    }
}

/// The folder of the programs, built like this test. Nothing else ensures that they exist and are
/// current.
pub(crate) fn built() -> PathBuf {
    // target/PROFILE/deps/stories-…
    let test = std::env::current_exe().unwrap();
    let binaries = test.parent().and_then(Path::parent).unwrap();
    let mut cargo = Command::new(env!("CARGO"));
    // The whole workspace and one test, so that dependencies get the same features as in `cargo
    // test --workspace`. With another selection, cargo would compile some of them a second time.
    cargo.args([
        "build",
        "--quiet",
        "--workspace",
        "--bins",
        "--test",
        "stories",
    ]);
    if binaries.ends_with("release") {
        cargo.arg("--release");
    }
    assert!(cargo.status().unwrap().success());
    binaries.to_owned()
}
