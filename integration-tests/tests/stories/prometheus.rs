//! Every query of the dashboard, the alerts and the runbook, asked of a real Prometheus that has
//! watched the restaurant through orders, an outage and a drill.
//!
//! The rules and the targets are those of `deploy/observability`, with other addresses and seconds
//! for minutes. `target/queries.txt` has the values.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};

use actix_web::http::Method;
use serde_json::json;
use service_kit::testing::{Client, Process, addr_after, eventually, skip_one, unused_address};
use tempfile::TempDir;

use crate::certificate::Files;
use crate::observability::{alerts, dashboard_queries, rules, text};
use crate::processes::{Processes, SERVICES};

const RUNBOOK: &str = include_str!("../../../docs/RUNBOOK.md");

/// The restaurant, and a second gateway that has what the first one lacks: replicas, a certificate,
/// and a store that several gateways share, which is away.
struct Site {
    processes: Processes,
    second: Process,
    _files: Files,
}

impl Site {
    fn start() -> Self {
        let processes = Processes::start("info,access=off");
        let files = Files::expired();
        let mut command = Command::new(processes.program("gateway"));
        command.env_clear().envs(files.variables());
        command.envs([
            ("GATEWAY_BIND", "127.0.0.1:0"),
            ("GATEWAY_ADMIN_BIND", "127.0.0.1:0"),
        ]);
        command.env("GATEWAY_REDIS_URL", format!("redis://{}", unused_address()));
        for (service, _, url) in SERVICES {
            let addr = processes.addr(service);
            let urls = format!("http://{addr},http://{}", unused_address());
            command.env(url, urls);
        }
        Self {
            processes,
            second: Process::start(&mut command),
            _files: files,
        }
    }

    /// The addresses that Prometheus reads, by those in `prometheus.yml`.
    fn targets(&self) -> BTreeMap<&'static str, String> {
        let second = self.second.line_with(" for its operator on ");
        let second = addr_after(&second, " for its operator on ");
        let gateways = format!("{}\", \"{second}", self.processes.operator());
        let addr = |name| self.processes.addr(name).to_string();
        BTreeMap::from([
            ("gateway:9000", gateways),
            ("order-service:8002", addr("order-service")),
            ("kitchen-mock:8003", addr("kitchen-mock")),
            ("delivery-mock:8004", addr("delivery-mock")),
        ])
    }
}

struct Prometheus {
    client: Client,
    _process: Process,
    _folder: TempDir,
}

impl Prometheus {
    /// `None` if it is not installed; it says so.
    async fn start(targets: BTreeMap<&str, String>) -> Option<Self> {
        let version = Command::new("prometheus").arg("--version").output();
        if version.is_err() {
            let missing = "there is no prometheus in PATH";
            skip_one(
                "the queries of dashboard and alerts",
                missing,
                "REQUIRE_PROMTOOL",
            );
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let mut config = text("prometheus.yml");
        assert!(config.contains("scrape_interval: 5s"));
        config = config.replace(
            "scrape_interval: 5s",
            "scrape_interval: 1s\n  evaluation_interval: 1s",
        );
        for (usual, here) in targets {
            assert!(config.contains(usual), "{usual}");
            config = config.replace(usual, &here);
        }
        let alerts = text("alerts.yml").replace("interval: 15s", "interval: 1s");
        std::fs::write(folder.path().join("prometheus.yml"), config).unwrap();
        std::fs::write(folder.path().join("alerts.yml"), alerts).unwrap();
        let addr: SocketAddr = unused_address();
        let mut command = Command::new("prometheus");
        command.arg(format!(
            "--config.file={}",
            folder.path().join("prometheus.yml").display()
        ));
        command.arg(format!(
            "--storage.tsdb.path={}",
            folder.path().join("data").display()
        ));
        command.args([&format!("--web.listen-address={addr}"), "--log.level=warn"]);
        let process = Process::start(command.stdout(Stdio::null()));
        eventually("Prometheus", async || {
            std::net::TcpStream::connect(addr).ok()
        })
        .await;
        let client = Client::of(addr);
        Some(Self {
            client,
            _process: process,
            _folder: folder,
        })
    }

    /// The numbers that a query finds now.
    async fn ask(&self, query: &str) -> Vec<f64> {
        let encoded: String = url::form_urlencoded::byte_serialize(query.as_bytes()).collect();
        let answer = self
            .client
            .get(&format!("/api/v1/query?query={encoded}"))
            .await;
        assert_eq!(answer.status, 200, "{query}: {}", answer.text());
        let answer = answer.json();
        let found = answer["data"]["result"].as_array().unwrap().iter();
        let numbers = found.map(|one| one["value"][1].as_str().unwrap().parse().unwrap());
        numbers.filter(|number: &f64| !number.is_nan()).collect()
    }

    /// Waits until a query finds anything.
    async fn finds(&self, query: &str) -> Vec<f64> {
        let found = async || Some(self.ask(query).await).filter(|numbers| !numbers.is_empty());
        eventually(&format!("data for {query}"), found).await
    }
}

/// A condition without its threshold, which a short run does not reach. What follows `unless` is
/// left as it is: without its threshold, it would exclude everything.
fn without_thresholds(expr: &str) -> String {
    let mut lines = Vec::new();
    for line in expr.lines() {
        let cut = [" > ", " < ", " == "]
            .iter()
            .find_map(|sign| line.find(sign));
        let is_exception = line.trim_start().starts_with("unless");
        lines.push(match cut {
            Some(_) if is_exception => line.to_owned(),
            Some(at) => {
                let rest = line[at + 1..].trim_start_matches(['>', '<', '=', ' ']);
                let is_number = |c: char| c.is_ascii_digit() || ". *".contains(c);
                format!("{} {}", &line[..at], rest.trim_start_matches(is_number))
            }
            None => line.to_owned(),
        });
    }
    lines.join("\n")
}

/// The queries in the runbook's prose: code with a metric and a bracket.
fn runbook_queries() -> Vec<String> {
    let prose: String = RUNBOOK.split("```").step_by(2).collect();
    let codes = prose.split('`').skip(1).step_by(2);
    let queries = codes.filter(|code| code.contains(['(', '{']));
    queries.map(str::to_owned).collect()
}

/// One request of each feature, whatever the answer.
async fn use_every_feature(gateway: &Client) {
    let login = json!({"email": "client@passe-plat.example", "password": "passe-plat"});
    let login = gateway.post("/client-api/login", login).await;
    let menu = gateway.get("/order-api/menu").await;
    let (login, menu) = (login.json(), menu.json());
    let items = json!([{"menuId": menu[0]["id"], "quantite": 1}]);
    let order = json!({"clientId": login["client"]["id"], "items": items, "adresse": "1 rue A"});
    let order = gateway.post("/order-api/commandes", order).await.json();
    let id = order["id"]
        .as_str()
        .unwrap_or("00000000-0000-4000-8000-000000000000");
    for path in [
        &format!("/order-api/commandes/{id}"),
        &format!("/suivi/{id}"),
        "/client-api/sessions",
        "/kitchen/orders",
        "/delivery/assigned",
    ] {
        let _ = gateway.get(path).await;
    }
}

#[actix_web::test]
async fn every_query_finds_data_in_a_prometheus_that_watched_a_real_evening() {
    let mut site = Site::start();
    let Some(prometheus) = Prometheus::start(site.targets()).await else {
        return;
    };
    let gateway = Client::of(site.processes.gateway());
    let operator = Client::of(site.processes.operator());
    // A rate needs two readings of a counter that goes up in between.
    for count in [1.0, 2.0, 3.0] {
        use_every_feature(&gateway).await;
        let query = r#"sum(gateway_requests_total{route="/suivi/{commandeId}"})"#;
        let is_read = async || {
            prometheus
                .ask(query)
                .await
                .first()
                .is_some_and(|read| *read >= count)
        };
        eventually("the next reading", async || is_read().await.then_some(())).await;
    }
    // An outage, until its failures open the circuit; then a drill.
    site.processes.stop("order-service");
    let is_open = r#"gateway_upstream_breaker_state{upstream="orders",state!="closed"} == 1"#;
    let opens = async || {
        use_every_feature(&gateway).await;
        (!prometheus.ask(is_open).await.is_empty()).then_some(())
    };
    eventually("the open circuit", opens).await;
    let pending = [
        "CircuitOpen",
        "StaleAnswers",
        "ReplicaDown",
        "SharedStoreDown",
    ];
    for alert in pending {
        let query = format!("ALERTS{{alertname=\"{alert}\"}}");
        let _ = prometheus.finds(&query).await;
    }
    let drill = operator.request(Method::PUT, "/drills/kitchen");
    let drill = drill.send_json(json!({"mode": "down", "for": "5m"})).await;
    assert_eq!(drill.status, 200, "{}", drill.text());
    let _ = prometheus.finds("gateway_drills == 1").await;

    let mut queries: Vec<(String, String)> = Vec::new();
    for (panel, query) in dashboard_queries() {
        queries.push((panel, query.replace("$__rate_interval", "1m")));
    }
    for alert in alerts() {
        let expr = without_thresholds(alert["expr"].as_str().unwrap());
        queries.push((alert["alert"].as_str().unwrap().to_owned(), expr));
    }
    for query in runbook_queries() {
        queries.push(("RUNBOOK".to_owned(), query));
    }
    for rule in rules().iter().filter(|rule| rule["record"].is_string()) {
        let (record, feature) = (&rule["record"], &rule["labels"]["feature"]);
        let query = format!("{}{{feature={feature}}}", record.as_str().unwrap());
        queries.push(("recorded".to_owned(), query));
    }
    assert!(
        queries.len() > 50,
        "only {} queries were found",
        queries.len()
    );
    let mut shown = String::new();
    for (name, query) in queries {
        let numbers = prometheus.finds(&query).await;
        shown += &format!("{name}: {query}\n    {numbers:?}\n");
    }
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/queries.txt");
    std::fs::write(target, shown).unwrap();
    let rules = prometheus.client.get("/api/v1/rules").await.ok(200);
    for group in rules["data"]["groups"].as_array().unwrap() {
        for rule in group["rules"].as_array().unwrap() {
            assert_eq!(rule["health"], "ok", "{rule}");
        }
    }
}

#[test]
fn a_condition_loses_its_threshold_and_keeps_its_exceptions() {
    for (expr, rest) in [
        (
            "up{job=\"g\"} == 0 or absent(up{job=\"g\"})",
            "up{job=\"g\"} or absent(up{job=\"g\"})",
        ),
        ("a - time() < 14 * 86400", "a - time() "),
        (
            "max(a{state!=\"closed\"}) == 1\nunless on (i) b > 0",
            "max(a{state!=\"closed\"}) \nunless on (i) b > 0",
        ),
    ] {
        assert_eq!(without_thresholds(expr), rest);
    }
}
