//! The example as processes: its three services, and the gateway with its file before them.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use service_kit::testing::{Process, addr_after, unused_address};
use tempfile::TempDir;

use crate::processes::built;

/// The services, and the variable of each one's URL.
pub(crate) const SERVICES: [(&str, &str); 3] = [
    ("catalogue", "CATALOGUE_URL"),
    ("loans", "LOANS_URL"),
    ("members", "MEMBERS_URL"),
];

pub(crate) struct Library {
    python: PathBuf,
    gateway: PathBuf,
    /// A copy of the example, since the page edits its file.
    folder: TempDir,
    addrs: BTreeMap<&'static str, SocketAddr>,
    running: BTreeMap<&'static str, Process>,
}

impl Library {
    /// Starts the services on ports of their own, then the gateway.
    pub(crate) fn open(python: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for entry in std::fs::read_dir(example()).unwrap() {
            let file = entry.unwrap();
            if file.file_type().unwrap().is_file() {
                std::fs::copy(file.path(), folder.path().join(file.file_name())).unwrap();
            }
        }
        let addrs = SERVICES.iter().map(|(name, _)| (*name, unused_address()));
        let mut library = Self {
            python: python.to_owned(),
            gateway: built().join("gateway"),
            folder,
            addrs: addrs.collect(),
            running: BTreeMap::new(),
        };
        for (name, _) in SERVICES {
            library.start(name);
        }
        let mut gateway = library.gateway_command();
        // As in docker-compose.yml.
        gateway.env("GATEWAY_CONFIG", "gateway.toml");
        gateway.env("GATEWAY_DRILLS", "on");
        gateway.env("RUST_LOG", "info,access=off");
        gateway.env("GATEWAY_BIND", "127.0.0.1:0");
        gateway.env("GATEWAY_ADMIN_BIND", "127.0.0.1:0");
        for (name, url) in SERVICES {
            gateway.env(url, format!("http://{}", library.addrs[name]));
        }
        library
            .running
            .insert("gateway", Process::start(&mut gateway));
        library
    }

    /// Starts a service. Returns when it listens.
    pub(crate) fn start(&mut self, name: &'static str) {
        let mut service = Command::new(&self.python);
        service.current_dir(self.folder.path());
        service.args(["-m", "uvicorn", &format!("{name}:app"), "--no-access-log"]);
        service.args(["--port", &self.addrs[name].port().to_string()]);
        let service = Process::start(&mut service);
        let _ = service.line_with("Uvicorn running on ");
        self.running.insert(name, service);
    }

    /// Stops a service as `docker compose stop` does. Returns when it has ended.
    pub(crate) fn stop(&mut self, name: &str) {
        let service = self.running.get_mut(name).unwrap();
        service.terminate();
        let _ = service.wait();
    }

    /// Runs a line of the page in the example's folder and returns its output.
    pub(crate) fn shell(&self, line: &str) -> String {
        let here = line
            .replace("localhost:8000", &self.addr_of_the_gateway(" listens on "))
            .replace("localhost:9000", &self.addr_of_the_gateway(OPERATOR));
        let mut shell = Command::new("sh");
        shell.args(["-c", &here]).current_dir(self.folder.path());
        let output = shell.output().unwrap();
        assert!(output.status.success(), "{line}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Has every outage rehearsed, and returns the output of a verdict that is passed.
    pub(crate) fn drill(&self) -> String {
        let mut drill = self.gateway_command();
        drill.args(["drill", "--all"]);
        drill.env("GATEWAY_ADMIN_BIND", self.addr_of_the_gateway(OPERATOR));
        let output = drill.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn gateway_command(&self) -> Command {
        let mut command = Command::new(&self.gateway);
        command.env_clear().current_dir(self.folder.path());
        command
    }

    fn addr_of_the_gateway(&self, marker: &str) -> String {
        addr_after(&self.running["gateway"].line_with(marker), marker).to_string()
    }
}

const OPERATOR: &str = ", for its operator on ";

/// The folder of the example.
pub(crate) fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/three-services")
}

#[expect(
    clippy::print_stderr,
    reason = "whoever reads a failed test wants to know what the processes had to say"
)]
impl Drop for Library {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let logs = self.running.values().flat_map(Process::log);
            eprintln!("{}", logs.collect::<Vec<_>>().join("\n"));
        }
    }
}
