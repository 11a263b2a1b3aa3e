//! The processes, each on an address of its own that it keeps.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use service_kit::testing::{Client, Postgres, Process, addr_after, eventually, unused_address};
use tempfile::TempDir;

use crate::guests::Guests;
use crate::processes::built;

/// The balancer. It probes the gateways as HAProxy or Kubernetes would.
const ENTRANCE: &str = r#"
[upstreams.gateways]
url = "http://127.0.0.1:1"
probe = "/ready"

[routes]
gateways = [
    { path = "/order-api/menu", methods = ["GET"], to = "/order-api/menu", outage = "error" },
    { path = "/order-api/commandes", methods = ["POST"], to = "/order-api/commandes", idempotent = true, outage = "error" },
    { path = "/order-api/commandes/{id}", methods = ["GET"], to = "/order-api/commandes/{id}", outage = "error" },
    { path = "/client-api/clients", methods = ["GET"], to = "/client-api/clients", outage = "error" },
]
"#;

/// Longer than two probes: by then everybody knows that a process is about to stop.
const LAME_DUCK: &str = "2500ms";

pub(crate) struct Replica {
    pub(crate) name: &'static str,
    program: &'static str,
    /// The variable for its own address.
    bind: &'static str,
}

const fn replica(name: &'static str, program: &'static str, bind: &'static str) -> Replica {
    Replica {
        name,
        program,
        bind,
    }
}

/// The processes that may go away.
pub(crate) const REPLICAS: [Replica; 7] = [
    replica("orders 1", "order-service", "ORDER_SERVICE_BIND"),
    replica("orders 2", "order-service", "ORDER_SERVICE_BIND"),
    replica("clients 1", "client-service", "CLIENT_SERVICE_BIND"),
    replica("clients 2", "client-service", "CLIENT_SERVICE_BIND"),
    replica("gateway 1", "gateway", "GATEWAY_BIND"),
    replica("gateway 2", "gateway", "GATEWAY_BIND"),
    replica("gateway 3", "gateway", "GATEWAY_BIND"),
];

/// Those of which there is one.
const OTHERS: [Replica; 4] = [
    replica("kitchen", "kitchen-mock", "KITCHEN_MOCK_BIND"),
    replica("delivery", "delivery-mock", "DELIVERY_MOCK_BIND"),
    replica("counter", "counter-service", "COUNTER_SERVICE_BIND"),
    replica("entrance", "gateway", "GATEWAY_BIND"),
];

pub(crate) struct Fleet {
    binaries: PathBuf,
    folder: TempDir,
    addrs: BTreeMap<&'static str, SocketAddr>,
    databases: BTreeMap<&'static str, String>,
    running: BTreeMap<&'static str, Process>,
    past: Vec<String>,
    _postgres: Postgres,
    /// One fleet at a time is enough for a small machine.
    _alone: MutexGuard<'static, ()>,
}

static ALONE: Mutex<()> = Mutex::new(());

impl Fleet {
    pub(crate) fn start() -> Self {
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let postgres = Postgres::start();
        let databases = ["order-service", "client-service"];
        let databases = databases.map(|program| (program, postgres.fresh_database()));
        let all = REPLICAS.iter().chain(&OTHERS);
        let mut fleet = Self {
            binaries: built(),
            folder: tempfile::tempdir().unwrap(),
            addrs: all.map(|one| (one.name, unused_address())).collect(),
            databases: databases.into(),
            running: BTreeMap::new(),
            past: Vec::new(),
            _postgres: postgres,
            _alone: alone,
        };
        for replica in REPLICAS.iter().chain(&OTHERS) {
            fleet.run(replica);
        }
        fleet
    }

    pub(crate) fn entrance(&self) -> SocketAddr {
        self.addrs["entrance"]
    }

    /// Stops it as `docker stop` does, and starts it again.
    pub(crate) async fn restart(&mut self, name: &str) {
        let process = self.running.get_mut(name).unwrap();
        process.terminate();
        eventually("the end of a process", async || {
            process.has_ended().then_some(())
        })
        .await;
        self.past.extend(process.log());
        self.start_one(name).await;
    }

    pub(crate) fn kill(&mut self, name: &str) {
        let process = self.running.get_mut(name).unwrap();
        process.kill();
        self.past.extend(process.log());
    }

    /// Returns when everybody who asks it knows that it is there.
    pub(crate) async fn start_one(&mut self, name: &str) {
        let replica = REPLICAS.iter().find(|one| one.name == name).unwrap();
        self.run(replica);
        let gateways = self.running.iter();
        let gateways =
            gateways.filter(|(name, _)| name.starts_with("gateway") || **name == "entrance");
        for (_, process) in gateways {
            let operator = Client::of(operator(process));
            eventually("a gateway to know all replicas", async || {
                let status = operator.get("/status").await.ok(200);
                let mut upstreams = status["upstreams"].as_object().unwrap().values();
                upstreams.all(all_up).then_some(())
            })
            .await;
        }
    }

    fn run(&mut self, replica: &Replica) {
        let mut command = Command::new(self.binaries.join(replica.program));
        let folder = self.folder.path().join(replica.name);
        std::fs::create_dir_all(&folder).unwrap();
        command.env_clear().current_dir(&folder);
        for (name, value) in [
            ("RUST_LOG", "info,access=off"),
            ("GATEWAY_ADMIN_BIND", "127.0.0.1:0"),
            ("GATEWAY_RATE_LIMIT", "off"),
            ("GATEWAY_WORKERS", "1"),
            ("ORDERS_OPEN_PER_ADDRESS", "off"),
            (
                "JWT_SECRET",
                "of the two client-services, at least 32 bytes",
            ),
            ("LAME_DUCK", LAME_DUCK),
            ("GATEWAY_LAME_DUCK", LAME_DUCK),
            ("KITCHEN_URL", &self.urls("kitchen")),
            ("DELIVERY_URL", &self.urls("delivery")),
            ("COUNTER_URL", &self.urls("counter")),
        ] {
            command.env(name, value);
        }
        command.env(replica.bind, self.addrs[replica.name].to_string());
        if let Some(database) = self.databases.get(replica.program) {
            command.env("DATABASE_URL", database);
        }
        // A service has one address of order-service; a gateway has all of them.
        match replica.program {
            "gateway" => command
                .env("ORDERS_URL", self.urls("orders"))
                .env("CLIENTS_URL", self.urls("clients")),
            _ => command.env("ORDERS_URL", self.urls("orders 1")),
        };
        if replica.name == "entrance" {
            let file = entrance(&folder);
            command.env("GATEWAYS_URL", self.urls("gateway "));
            command.arg("--config").arg(file);
        }
        let process = Process::start(&mut command);
        let _ = process.line_with(" listens on ");
        self.running.insert(replica.name, process);
    }

    /// The URLs of the processes whose names begin so.
    fn urls(&self, begin: &str) -> String {
        let addrs = self.addrs.iter();
        let addrs = addrs.filter(|(name, _)| name.starts_with(begin));
        let urls: Vec<_> = addrs.map(|(_, addr)| format!("http://{addr}")).collect();
        urls.join(",")
    }

    /// Each order that was answered is there once, and there is no other.
    pub(crate) async fn has_each_order_once(&self, guests: &Guests) {
        let orders = Client::of(self.addrs["orders 1"]);
        let all = orders.get("/commandes").await.ok(200);
        let mut stored: Vec<_> = all.as_array().unwrap().iter().collect();
        stored.retain(|order| order["clientId"] == guests.client());
        let mut stored: Vec<_> = stored
            .iter()
            .map(|order| order["id"].as_str().unwrap().to_owned())
            .collect();
        stored.sort();
        assert_eq!(stored, guests.orders());
    }
}

/// The address of a gateway's operator.
fn operator(process: &Process) -> SocketAddr {
    const MARKER: &str = ", for its operator on ";
    addr_after(&process.line_with(MARKER), MARKER)
}

/// Whether an upstream and all of its replicas get requests.
fn all_up(upstream: &Value) -> bool {
    let replicas = upstream["replicas"].as_array();
    let mut replicas = replicas.into_iter().flatten();
    upstream["status"] == "up" && replicas.all(|replica| replica["status"] == "up")
}

fn entrance(folder: &Path) -> PathBuf {
    let file = folder.join("entrance.toml");
    std::fs::write(&file, ENTRANCE).unwrap();
    file
}

#[expect(
    clippy::print_stderr,
    reason = "whoever reads a failed test wants to know what the processes had to say"
)]
impl Drop for Fleet {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let present = self.running.iter();
            let present = present.flat_map(|(name, process)| {
                let lines = process.log().into_iter();
                lines.map(move |line| format!("{name}: {line}"))
            });
            let all: Vec<_> = self.past.drain(..).chain(present).collect();
            eprintln!("{}", all.join("\n"));
        }
    }
}
